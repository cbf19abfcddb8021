//! Limits the memory that a response of Fliggy can take, whatever its content. Each response is
//! decoded in its own process, whose peak memory is measured.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fliggy_gateway::top::envelope;
use fliggy_gateway::top::method::Method;
use fliggy_gateway::top::wire::Search;

/// Just below the size of the largest accepted response (`top.max_answer`).
const LENGTH: usize = 7_900_000;

/// Set in the child process: the name of the case to decode.
const CHILD: &str = "GATEWAY_TEST_MEMORY";

type Answer = <Search as Method>::Answer;

/// A response whose list repeats this element.
fn response_of(element: &str, list: &str) -> Vec<u8> {
    let elements = format!("{element},").repeat(LENGTH / (element.len() + 1));
    format!(r#"{{"x_response":{{"is_success":true,"{list}":[{elements}{element}]}}}}"#).into_bytes()
}

/// The peak memory of this process, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

const CASES: [(&str, &str, &str, bool); 6] = [
    ("typed-objects", "{}", "flight_item_list", false),
    (
        "typed-cabins",
        r#"{"flight_segment_cabin_relation":[{},{},{},{},{},{},{},{}]}"#,
        "flight_item_list",
        false,
    ),
    ("tree-numbers", "0", "flight_item_list", true),
    ("tree-objects", r#"{"a":0}"#, "flight_item_list", true),
    ("tree-lists", "[]", "flight_item_list", true),
    ("controls", "\"\t\t\t\t\t\t\t\t\"", "other", false),
];

#[test]
#[ignore = "measures its process; the test below runs it in a child process"]
fn decodes_one_response_in_a_child_process() {
    let Ok(case) = std::env::var(CHILD) else {
        return;
    };
    let (_, element, list, tree) = CASES.into_iter().find(|one| one.0 == case).unwrap();
    let body = response_of(element, list);
    let before = peak();
    let read = if tree {
        envelope::decode_tree(Search::NAME, &body).is_ok()
    } else {
        envelope::decode::<Answer>(Search::NAME, &body).is_ok()
    };
    println!("{case}: read {read}, bytes more: {}", peak() - before);
}

#[test]
fn a_response_takes_at_most_sixteen_times_its_length_in_memory() {
    let own = std::env::current_exe().unwrap();
    for (case, ..) in CASES {
        let ended = std::process::Command::new(&own)
            .args([
                "decodes_one_response_in_a_child_process",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(CHILD, case)
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
        let more = stdout
            .split("more: ")
            .nth(1)
            .unwrap()
            .split_whitespace()
            .next();
        let more: usize = more.unwrap().parse().unwrap();
        assert!(more <= 16 * LENGTH, "{case}: {more} bytes for {LENGTH}");
    }
}
