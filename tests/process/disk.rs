//! No space for the journal: a limit on file size simulates a full disk, and works for root too.

use rustix::process::{Resource, Rlimit, Signal, getrlimit, prlimit};
use serde_json::json;

use crate::ask::{Ask, Kind};
use crate::world::{Gateway, World, binary, states};

/// A gateway that gets an error when a file must not grow, instead of being killed (SIGXFSZ
/// ignored).
async fn gateway(world: &World, journal: &str, env: &[(&str, &str)]) -> Gateway {
    let mut command = tokio::process::Command::new("/bin/sh");
    let serve = r#"trap '' XFSZ; exec "$0" serve"#;
    command
        .env_clear()
        .args(["-c", serve])
        .arg(binary().as_std().get_program());
    world.on_journal(&mut command, journal, env);
    Gateway::serving(world.run(journal, command)).await
}

/// Forbids the process to write to any file, or allows it again.
fn full(gateway: &Gateway, full: bool) {
    let own = getrlimit(Resource::Fsize);
    let limit = Rlimit {
        current: if full { Some(0) } else { own.maximum },
        maximum: own.maximum,
    };
    prlimit(Some(gateway.process.pid()), Resource::Fsize, limit).unwrap();
}

#[tokio::test]
async fn without_disk_space_nothing_is_sent_and_with_space_writes_resume() {
    let world = World::start().await;
    let gateway = gateway(&world, "journal.db", &[]).await;
    let order = world.booked(&gateway, "FULL-1").await;
    let example = world.example(&gateway).await;
    let asks = [
        Ask::book(&example, "FULL-2"),
        Ask::pay(&order),
        Ask::close(&world.booked(&gateway, "FULL-3").await),
    ];

    full(&gateway, true);
    for ask in &asks {
        let refused = world.ask(&gateway.address, ask, None).await.unwrap();
        assert_eq!(refused.status, 503, "{refused:?}");
        assert_eq!(refused.code(), "journal_unavailable", "{refused:?}");
        assert_eq!(refused.body["side_effects"], "none");
        assert_eq!(refused.body["retry"], "same_key");
        assert_eq!(world.received(ask.kind, &ask.subject).await, 0);
    }
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!((ready.status, ready.code()), (503, "journal_unavailable"));
    let live = world.get(&gateway.address, "/livez").await;
    assert_eq!(live.status, 200);
    // Reads need no journal.
    let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
    let read = world.get(&gateway.address, &path).await;
    assert_eq!(read.status, 200, "{read:?}");

    full(&gateway, false);
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    for ask in &asks {
        let done = world.ask(&gateway.address, ask, Some(20)).await.unwrap();
        assert!(done.status < 202, "{done:?}");
        assert_eq!(world.received(ask.kind, &ask.subject).await, 1);
        assert_eq!(world.effects(ask.kind, &ask.subject).await, 1);
    }
}

#[tokio::test]
async fn a_write_whose_sending_state_cannot_be_stored_is_not_sent() {
    let world = World::start().await;
    let pause = [("GATEWAY_PAUSE_POINT", "ready")];
    let mut gateway = gateway(&world, "journal.db", &pause).await;
    let ask = Ask::book(&world.example(&gateway).await, "FULL-READY");
    let address = gateway.address.clone();
    let filled = async {
        gateway.process.paused().await;
        full(&gateway, true);
        gateway.process.signal(Signal::CONT);
    };
    let (answer, ()) = tokio::join!(world.ask(&address, &ask, None), filled);
    let answer = answer.unwrap();
    // The operation was accepted. While nothing can be written, nothing more is certain.
    assert_eq!(
        (answer.status, &answer.body["state"]),
        (202, &json!("accepted"))
    );
    let id = answer.header("operation-id").unwrap();
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 0);

    full(&gateway, false);
    let operation = world.settled(&gateway, id).await;
    assert_eq!(states(&operation), ["accepted", "not_executed"]);
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 0);
    let again = world.ask(&gateway.address, &ask, Some(20)).await.unwrap();
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 1);
}

#[tokio::test]
async fn an_outcome_that_cannot_be_stored_is_stored_once_there_is_space() {
    let world = World::start().await;
    // The disk must be full before the response arrives, even on a slow machine.
    let patient = [
        ("GATEWAY__TOP__DEADLINE", "4s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
    ];
    let gateway = gateway(&world, "journal.db", &patient).await;
    let pay = Ask::pay(&world.booked(&gateway, "FULL-ANSWER").await);
    world
        .fault(json!({"method": "pay", "fault": "slow", "delay_ms": 3_000}))
        .await;
    let filled = async {
        world.until_received(&pay).await;
        full(&gateway, true);
    };
    let (answer, ()) = tokio::join!(world.ask(&gateway.address, &pay, None), filled);
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, &answer.body["state"]),
        (202, &json!("sending"))
    );

    full(&gateway, false);
    let id = answer.header("operation-id").unwrap();
    let operation = world.settled(&gateway, id).await;
    assert_eq!(states(&operation), ["accepted", "sending", "succeeded"]);
    assert_eq!(world.received(Kind::Pay, &pay.subject).await, 1);
    assert_eq!(world.effects(Kind::Pay, &pay.subject).await, 1);
}

#[tokio::test]
async fn a_journal_that_cannot_be_opened_stops_the_start_and_is_named() {
    let world = World::start().await;
    std::fs::write(world.dir.path().join("file"), "").unwrap();
    for journal in ["file/journal.db", "directory.db"] {
        if journal == "directory.db" {
            std::fs::create_dir(world.dir.path().join(journal)).unwrap();
        }
        let mut command = binary();
        command.arg("serve");
        world.on_journal(&mut command, journal, &[]);
        let mut process = world.run("broken", command);
        assert_eq!(process.end().await.code(), Some(1));
        let output = process.whole_output().await;
        assert!(output.contains("the journal is not available"), "{output}");
        let path = journal.strip_suffix(".db").unwrap();
        let path = path.strip_suffix("/journal").unwrap_or(path);
        assert!(output.contains(path), "{output}");
    }
}
