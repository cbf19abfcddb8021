//! The log of a start.

use serde_json::{Value, json};

use crate::ask::Ask;
use crate::world::{Gateway, World, binary};

/// Starts a gateway on this journal. The journal's folder need not exist, and operations stay open
/// for a while.
async fn start(world: &World, journal: &str) -> Gateway {
    let mut command = binary();
    command.arg("serve");
    let long_windows = [
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5m"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5m"),
        ("GATEWAY__RECONCILE__ATTENTION_AFTER", "10m"),
    ];
    world.on_journal(&mut command, journal, &long_windows);
    Gateway::serving(world.run("gateway", command)).await
}

/// The log line which reports that the gateway serves.
async fn start_line(gateway: &mut Gateway) -> Value {
    let line = gateway.process.line(r#""message":"serving""#).await;
    serde_json::from_str(&line).unwrap()
}

/// Sends a booking whose response cannot be read and whose order is never found, then kills the
/// gateway.
async fn leave_open(world: &World, gateway: &mut Gateway) {
    let ask = Ask::book(&world.example(gateway).await, "START-1");
    world
        .fault(json!({"method": "airbook", "fault": "html_502_nothing"}))
        .await;
    let open = world.ask(&gateway.address, &ask, Some(0)).await.unwrap();
    assert_eq!(open.status, 202, "{open:?}");
    world.until_received(&ask).await;
    gateway.process.kill().await;
}

#[tokio::test]
async fn a_start_logs_version_endpoint_and_journal_and_warns_of_a_new_journal_in_a_new_folder() {
    let world = World::start().await;
    let journal = "new/folder/journal.db";
    let mut first = start(&world, journal).await;
    let line = start_line(&mut first).await;
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"), "{line}");
    assert_eq!(line["endpoint"], format!("{}/router/rest", world.top));
    assert_eq!(
        line["journal"],
        world.dir.path().join(journal).to_str().unwrap()
    );
    assert_eq!(line["journal_is"], "new", "{line}");
    assert_eq!(line["open_operations"], 0, "{line}");
    leave_open(&world, &mut first).await;
    let output = first.process.whole_output().await;
    assert!(output.contains("its folder are new"), "{output}");

    let mut second = start(&world, journal).await;
    let line = start_line(&mut second).await;
    assert_eq!(line["journal_is"], "existing", "{line}");
    assert_eq!(line["open_operations"], 1, "{line}");
    second.process.kill().await;
    let output = second.process.whole_output().await;
    assert!(!output.contains("its folder are new"), "{output}");

    // A new journal in a folder with other files.
    let mut third = start(&world, "beside.db").await;
    assert_eq!(start_line(&mut third).await["journal_is"], "new");
    third.process.kill().await;
    let output = third.process.whole_output().await;
    assert!(!output.contains("its folder are new"), "{output}");
}

#[tokio::test]
async fn a_start_warns_of_plain_http_to_taobao() {
    let world = World::start().await;
    for (endpoint, warned) in [
        ("http://gw.api.taobao.com/router/rest", true),
        ("http://gw.api.tbsandbox.com/router/rest", true),
        ("https://gw.api.taobao.com/router/rest", false),
        ("http://not-taobao.com.example/router/rest", false),
    ] {
        let env = [
            ("GATEWAY__TOP__ENDPOINT", endpoint),
            ("GATEWAY__TOP__DEADLINE", "6s"),
            ("GATEWAY__RECONCILE__SETTLE_WINDOW", "2m"),
            ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "10m"),
            ("GATEWAY__RECONCILE__ATTENTION_AFTER", "30m"),
        ];
        let mut gateway = world.gateway("journal.db", &env).await;
        gateway.process.kill().await;
        let output = gateway.process.whole_output().await;
        assert_eq!(
            output.contains("plain http"),
            warned,
            "{endpoint}: {output}"
        );
    }
}

#[tokio::test]
async fn a_log_that_is_not_a_terminal_has_no_colours() {
    let world = World::start().await;
    let mut process = world.spawn(
        "journal.db",
        &[("GATEWAY__TELEMETRY__LOG_FORMAT", "pretty")],
    );
    process.line("serving").await;
    process.kill().await;
    let output = process.whole_output().await;
    assert!(!output.contains('\u{1b}'), "{output:?}");
}
