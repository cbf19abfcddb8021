//! The first steps of a new user.

use rustix::process::Signal;
use serde_json::json;
use tokio::process::Command;

use crate::world::{World, binary};

#[tokio::test]
async fn the_sandbox_prints_its_links_and_they_work() {
    let world = World::start().await;
    let mut command = binary();
    let store = format!(
        "sqlite://{}",
        world.dir.path().join("new/sandbox.db").display()
    );
    command
        .args(["sandbox", "--simulator-listen", "127.0.0.1:0"])
        .env("GATEWAY__SERVER__LISTEN", "127.0.0.1:0")
        .env("GATEWAY__STORE__URL", store);
    let mut sandbox = world.run("sandbox", command);
    let swagger = sandbox.line("Swagger UI ").await;
    let swagger = swagger.split_whitespace().last().unwrap();
    let simulator = sandbox.line("Simulator ").await;
    let simulator = simulator.split_whitespace().nth(1).unwrap();
    sandbox.line("Stop with Ctrl-C").await;

    let base = swagger.strip_suffix("/swagger-ui/").unwrap();
    let page = world.get(base, "/swagger-ui/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.as_str().unwrap().contains("swagger-ui"));
    // The first commands that the sandbox suggests.
    let search = json!({"journeys": [{"from": "BJS", "to": "XMN", "date": "2030-05-20"}]});
    let found = world.post(base, "/v1/flights/search", &search).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert!(!found.body["items"].as_array().unwrap().is_empty());
    for key in ["book-1", "book-2"] {
        let command = sandbox.line(&format!("Idempotency-Key: {key}")).await;
        let booked = Command::new("bash")
            .args(["-c", &command])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .await
            .unwrap();
        let answer = String::from_utf8(booked.stdout).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{command}\n{answer}");
        assert!(!answer.contains("idempotency-replayed"), "{answer}");
    }
    let simulator = simulator.strip_suffix("/_simulator/").unwrap();
    let calls = world.get(simulator, "/_simulator/calls").await;
    assert_eq!(calls.body["counts"]["search"]["received"], 1, "{calls:?}");
    assert_eq!(calls.body["counts"]["airbook"]["effects"], 2, "{calls:?}");

    sandbox.signal(Signal::INT);
    assert_eq!(sandbox.end().await.code(), Some(0));
}

#[tokio::test]
async fn a_simulator_ends_on_a_signal() {
    let world = World::start().await;
    let mut command = binary();
    command.args(["top-simulator", "--listen", "127.0.0.1:0"]);
    let mut simulator = world.run("another", command);
    simulator.line("/router/rest").await;
    simulator.signal(Signal::TERM);
    assert_eq!(simulator.end().await.code(), Some(0));
}

#[tokio::test]
async fn every_command_has_help_and_a_wrong_one_exits_with_2() {
    let world = World::start().await;
    for (args, status, says) in [
        (&["--help"][..], 0, "fliggy-gateway sandbox"),
        (&["serve", "--help"], 0, "A second signal stops at once"),
        (&["sandbox", "--help"], 0, "without credentials"),
        (&["sandbox", "--help"], 0, "--simulator-listen"),
        (&["top-simulator", "--help"], 0, "magic values"),
        (&["--version"], 0, env!("CARGO_PKG_VERSION")),
        (&["book-me-a-flight"], 2, "unrecognized subcommand"),
        (&["serve", "--port", "80"], 2, "unexpected argument"),
        (&["sandbox", "--simulator-listen", "here"], 2, "invalid"),
        // Without a configuration, the command lists everything that is missing.
        (&["serve"], 2, "`top.app_key` is missing"),
    ] {
        let mut command = binary();
        command.args(args);
        let mut process = world.run("shown", command);
        let end = process.end().await;
        let output = process.whole_output().await;
        assert_eq!(end.code(), Some(status), "{args:?}: {output}");
        assert!(output.contains(says), "{args:?}: {output}");
    }
}
