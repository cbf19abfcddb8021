//! The database file: only one process may use it, under any name; it is deleted, replaced, copied or
//! damaged.

use std::fs;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::ask::{Ask, Kind};
use crate::world::{Answer, Gateway, World, states};

/// Calls may take longer than a slow machine needs for the rest of the test.
const PATIENT: [(&str, &str); 3] = [
    ("GATEWAY__TOP__DEADLINE", "10s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "15s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "15s"),
];

fn refused_for_the_journal(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code()),
        (503, "journal_unavailable"),
        "{answer:?}"
    );
    assert_eq!(answer.body["side_effects"], "none", "{answer:?}");
}

impl World {
    /// The output of a process that must not start.
    async fn does_not_start(&self, journal: &str) -> String {
        let mut process = self.spawn(journal, &[]);
        assert_eq!(process.end().await.code(), Some(1));
        process.whole_output().await
    }

    /// Waits until the response of `/readyz` matches.
    async fn until_ready(&self, gateway: &Gateway, like: impl Fn(&Answer) -> bool) -> Answer {
        let wait = async {
            loop {
                let ready = self.get(&gateway.address, "/readyz").await;
                if like(&ready) {
                    return ready;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let ready = tokio::time::timeout(crate::world::MAX_WAIT, wait).await;
        ready.expect("a matching response of /readyz")
    }

    /// Books without paying; returns the request and its response.
    async fn book(&self, gateway: &Gateway, example: &Value, number: &str) -> (Ask, Answer) {
        let ask = Ask::book(example, number);
        let booked = self.ask(&gateway.address, &ask, Some(20)).await.unwrap();
        assert_eq!(booked.status, 201, "{booked:?}");
        (ask, booked)
    }

    /// Offset and length of the root page of this table.
    async fn root_page(&self, journal: &str, table: &str) -> (u64, usize) {
        let mut connection = self.connected(journal).await;
        let (page, size): (i64, i64) = sqlx::query_as(
            "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?1",
        )
        .bind(table)
        .fetch_one(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
        let at = u64::try_from((page - 1) * size).unwrap();
        (at, usize::try_from(size).unwrap())
    }
}

fn damage(path: &Path, (at, size): (u64, usize)) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&vec![0xA5; size], at).unwrap();
}

fn passed(ready: &Answer) -> bool {
    ready.body["journal"]["check"] == "passed"
}

#[tokio::test]
async fn a_second_process_is_refused_under_any_name_of_the_database() {
    let world = World::start().await;
    let gateway = world.gateway("journal.db", &[]).await;
    symlink(world.path("journal.db"), world.path("symlink.db")).unwrap();
    fs::hard_link(world.path("journal.db"), world.path("hard.db")).unwrap();
    symlink(world.dir.path(), world.path("elsewhere")).unwrap();
    // Earlier versions created this file; the gateway no longer uses it.
    let _ = fs::remove_file(world.path("journal.lock"));
    for name in [
        "journal.db",
        "symlink.db",
        "hard.db",
        "elsewhere/journal.db",
    ] {
        let output = world.does_not_start(name).await;
        assert!(output.contains("another process holds"), "{name}: {output}");
        assert!(output.contains(name), "{name}: {output}");
    }
    // The first process continues, but warns of the other name.
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    assert_eq!(ready.body["journal"]["warnings"], json!(["hard_link"]));
    world.booked(&gateway, "FIRST-1").await;
}

#[tokio::test]
async fn a_hard_link_that_appears_raises_the_alarm() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.body["journal"]["warnings"], json!([]), "{ready:?}");
    fs::hard_link(world.path("journal.db"), world.path("hard.db")).unwrap();
    // No request is needed: the gateway checks the file by itself.
    let output = gateway.process.line("ALARM").await;
    assert!(output.contains("2 names"), "{output}");
    let metrics = world.get(&gateway.address, "/metrics").await;
    let metrics = metrics.body.as_str().unwrap();
    assert!(metrics.contains("gateway_journal_links 2"), "{metrics}");
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    assert_eq!(ready.body["journal"]["warnings"], json!(["hard_link"]));
    fs::remove_file(world.path("hard.db")).unwrap();
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.body["journal"]["warnings"], json!([]), "{ready:?}");
}

/// Removes the database during a payment: nothing new is accepted, a second process must not
/// start in its place, and the payment's outcome is still stored and reported.
async fn removed_during_a_payment(world: &World, way: &str, remove: impl Fn()) {
    // The journal's path is a symbolic link, so that the link can be removed, too.
    let journal = format!("{way}-link.db");
    let real = world.path(&format!("{way}.db"));
    fs::File::create(&real).unwrap();
    symlink(&real, world.path(&journal)).unwrap();
    let gateway = world.gateway(&journal, &PATIENT).await;
    let pay = Ask::pay(&world.booked(&gateway, &format!("GONE-{way}")).await);
    let late = Ask::book(&world.example(&gateway).await, &format!("LATE-{way}"));
    world
        .fault(json!({"method": "pay", "fault": "slow", "delay_ms": 3_000,
                      "match": {"order_id": pay.subject}}))
        .await;
    let gone = async {
        world.until_received(&pay).await;
        remove();
        let ready = world.get(&gateway.address, "/readyz").await;
        refused_for_the_journal(&ready);
        let detail = ready.body["detail"].as_str().unwrap();
        assert!(detail.contains("deleted, renamed or replaced"), "{detail}");
        let refused = world.ask(&gateway.address, &late, None).await.unwrap();
        refused_for_the_journal(&refused);
        assert_eq!(refused.body["retry"], "same_key");
        assert_eq!(world.received(Kind::Book, &late.subject).await, 0);
        if way != "relinked" {
            let output = world.does_not_start(&journal).await;
            assert!(output.contains("another process holds"), "{way}: {output}");
        }
        // Reads need no journal, and open operations are still read from the open file.
        let path = format!("/v1/orders/{}", pay.subject);
        assert_eq!(world.get(&gateway.address, &path).await.status, 200);
        let live = world.get(&gateway.address, "/livez").await;
        assert_eq!(live.status, 200);
    };
    let (paid, ()) = tokio::join!(world.ask(&gateway.address, &pay, Some(20)), gone);
    let paid = paid.unwrap();
    assert_eq!(paid.status, 200, "{way}: {paid:?}");
    let id = paid.header("operation-id").unwrap();
    let operation = world.operation(&gateway, id).await;
    assert_eq!(states(&operation), ["accepted", "sending", "succeeded"]);
    assert_eq!(world.received(Kind::Pay, &pay.subject).await, 1);
}

#[tokio::test]
async fn a_removed_database_accepts_no_more_writes() {
    let world = World::start().await;
    let path = |name: &str| world.path(name);
    removed_during_a_payment(&world, "deleted", || {
        fs::remove_file(path("deleted.db")).unwrap();
    })
    .await;
    removed_during_a_payment(&world, "renamed", || {
        fs::rename(path("renamed.db"), path("away.db")).unwrap();
    })
    .await;
    removed_during_a_payment(&world, "replaced", || {
        fs::copy(path("replaced.db"), path("copy.db")).unwrap();
        fs::rename(path("copy.db"), path("replaced.db")).unwrap();
    })
    .await;
    removed_during_a_payment(&world, "relinked", || {
        fs::copy(path("relinked.db"), path("other.db")).unwrap();
        fs::remove_file(path("relinked-link.db")).unwrap();
        symlink(path("other.db"), path("relinked-link.db")).unwrap();
    })
    .await;
    // A crash would lose the content that is only in the write-ahead log.
    removed_during_a_payment(&world, "wal", || {
        fs::remove_file(path("wal.db-wal")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_log_that_is_deleted_is_merged_by_a_clean_stop() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let example = world.example(&gateway).await;
    let (ask, _) = world.book(&gateway, &example, "LOG-1").await;
    fs::remove_file(world.path("journal.db-wal")).unwrap();
    gateway.stop().await;
    let gateway = world.gateway("journal.db", &[]).await;
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.body["journal"]["warnings"], json!([]), "{ready:?}");
    let again = world.ask(&gateway.address, &ask, Some(20)).await.unwrap();
    assert!(again.header("idempotency-replayed").is_some(), "{again:?}");
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 1);
}

#[tokio::test]
async fn a_write_whose_database_is_moved_before_its_send_is_not_sent() {
    let world = World::start().await;
    let mut env = PATIENT.to_vec();
    env.push(("GATEWAY_PAUSE_POINT", "ready"));
    let mut gateway = world.gateway("journal.db", &env).await;
    let ask = Ask::book(&world.example(&gateway).await, "GONE-READY");
    let address = gateway.address.clone();
    let gone = async {
        gateway.process.paused().await;
        fs::rename(world.path("journal.db"), world.path("away.db")).unwrap();
        gateway.process.signal(Signal::CONT);
    };
    let (refused, ()) = tokio::join!(world.ask(&address, &ask, Some(20)), gone);
    let refused = refused.unwrap();
    refused_for_the_journal(&refused);
    assert_eq!(refused.body["retry"], "same_key");
    let id = refused.header("operation-id").unwrap();
    let operation = world.operation(&gateway, id).await;
    assert_eq!(states(&operation), ["accepted", "not_executed"]);
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 0);

    // Moved back, the database is the same journal.
    fs::rename(world.path("away.db"), world.path("journal.db")).unwrap();
    let ready = world.get(&gateway.address, "/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    let booked = world.ask(&gateway.address, &ask, Some(20)).await.unwrap();
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 1);
}

#[tokio::test]
async fn after_a_clean_stop_the_database_alone_is_the_journal() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let example = world.example(&gateway).await;
    let mut asks = Vec::new();
    for number in 0..30 {
        let (ask, _) = world
            .book(&gateway, &example, &format!("COPY-{number}"))
            .await;
        asks.push(ask);
    }
    gateway.stop().await;
    let output = gateway.process.whole_output().await;
    assert!(!output.contains("WARN"), "{output}");
    for companion in ["journal.db-wal", "journal.db-shm", "journal.lock"] {
        assert!(!world.path(companion).exists(), "{companion} is left");
    }

    fs::create_dir(world.path("copy")).unwrap();
    fs::copy(world.path("journal.db"), world.path("copy/journal.db")).unwrap();
    let gateway = world.gateway("copy/journal.db", &[]).await;
    let ready = world.until_ready(&gateway, passed).await;
    assert_eq!(ready.body["journal"]["warnings"], json!([]), "{ready:?}");
    for ask in &asks {
        let again = world.ask(&gateway.address, ask, Some(20)).await.unwrap();
        assert_eq!(again.status, 201, "{again:?}");
        assert!(again.header("idempotency-replayed").is_some(), "{again:?}");
        assert_eq!(world.received(Kind::Book, &ask.subject).await, 1);
    }
}

#[tokio::test]
async fn a_missing_write_ahead_log_is_noticed_at_the_start() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let example = world.example(&gateway).await;
    let (ask, _) = world.book(&gateway, &example, "WAL-1").await;
    fs::copy(world.path("journal.db"), world.path("copy.db")).unwrap();
    gateway.process.kill().await;
    assert!(world.path("journal.db-wal").metadata().unwrap().len() > 0);

    // Under another name, SQLite looks for another log.
    fs::hard_link(world.path("journal.db"), world.path("hard.db")).unwrap();
    let output = world.does_not_start("hard.db").await;
    assert!(output.contains("journal.db-wal"), "{output}");
    fs::remove_file(world.path("hard.db")).unwrap();
    // The database, moved without its log.
    fs::rename(world.path("journal.db"), world.path("moved.db")).unwrap();
    let output = world.does_not_start("moved.db").await;
    assert!(output.contains("journal.db-wal"), "{output}");
    // A new database beside the log of an old one: SQLite would delete the log.
    let output = world.does_not_start("journal.db").await;
    assert!(output.contains("journal.db-wal"), "{output}");
    assert_eq!(world.path("journal.db").metadata().unwrap().len(), 0);
    fs::rename(world.path("moved.db"), world.path("journal.db")).unwrap();

    let mut gateway = world.gateway("journal.db", &[]).await;
    let again = world.ask(&gateway.address, &ask, Some(20)).await.unwrap();
    assert!(again.header("idempotency-replayed").is_some(), "{again:?}");
    assert_eq!(world.received(Kind::Book, &ask.subject).await, 1);
    gateway.stop().await;

    // A copy made while the gateway ran, without its log, looks like a backup to SQLite, so it only
    // causes a warning.
    let mut copy = world.gateway("copy.db", &[]).await;
    let output = copy.process.line("not closed cleanly").await;
    assert!(output.contains("copy.db"), "{output}");
    let ready = world.get(&copy.address, "/readyz").await;
    assert_eq!(ready.status, 200, "{ready:?}");
    assert_eq!(ready.body["journal"]["warnings"], json!(["wal_missing"]));
}

#[tokio::test]
async fn a_database_damaged_while_open_accepts_no_more_writes() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let example = world.example(&gateway).await;
    let (_, booked) = world.book(&gateway, &example, "DAMAGED-1").await;
    gateway.stop().await;
    let page = world.root_page("journal.db", "timeline").await;

    let mut gateway = world.gateway("journal.db", &[]).await;
    world.until_ready(&gateway, passed).await;
    damage(&world.path("journal.db"), page);
    let id = booked.header("operation-id").unwrap();
    let path = format!("/v1/operations/{id}");
    refused_for_the_journal(&world.get(&gateway.address, &path).await);
    gateway.process.line("ALARM").await;

    let ready = world.get(&gateway.address, "/readyz").await;
    refused_for_the_journal(&ready);
    let detail = ready.body["detail"].as_str().unwrap();
    assert!(detail.contains("damaged"), "{detail}");
    let late = Ask::book(&example, "DAMAGED-2");
    let refused = world.ask(&gateway.address, &late, None).await.unwrap();
    refused_for_the_journal(&refused);
    assert_eq!(world.received(Kind::Book, &late.subject).await, 0);
    let order = booked.created()["order_id"].as_str().unwrap();
    let order = format!("/v1/orders/{order}");
    assert_eq!(world.get(&gateway.address, &order).await.status, 200);
    let live = world.get(&gateway.address, "/livez").await;
    assert_eq!(live.status, 200);
}

#[tokio::test]
async fn a_database_damaged_before_the_start_is_found_by_the_check() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let example = world.example(&gateway).await;
    world.book(&gateway, &example, "DAMAGED-1").await;
    gateway.stop().await;
    let page = world.root_page("journal.db", "events").await;
    damage(&world.path("journal.db"), page);

    let gateway = world.gateway("journal.db", &[]).await;
    let ready = world.until_ready(&gateway, |r| r.status == 503).await;
    refused_for_the_journal(&ready);
    let detail = ready.body["detail"].as_str().unwrap();
    assert!(detail.contains("damaged"), "{detail}");
    let late = Ask::book(&example, "DAMAGED-2");
    let refused = world.ask(&gateway.address, &late, None).await.unwrap();
    refused_for_the_journal(&refused);
    assert_eq!(world.received(Kind::Book, &late.subject).await, 0);
}

#[tokio::test]
async fn an_unreliable_journal_stops_the_start() {
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &PATIENT).await;
    let ask = Ask::book(&world.example(&gateway).await, "OPEN-1");
    world
        .fault(json!({"method": "book", "fault": "hang_then_succeed"}))
        .await;
    tokio::select! {
        answer = world.ask(&gateway.address, &ask, Some(20)) => panic!("{answer:?}"),
        () = world.until_received(&ask) => {}
    }
    gateway.process.kill().await;
    // Opening and closing another connection merges the log.
    world
        .sql("journal.db", "SELECT count(*) FROM operations")
        .await;
    let root = world.root_page("journal.db", "operations").await;

    for (name, statement, expected) in [
        ("table.db", "DROP TABLE attachments", "attachments"),
        (
            "column.db",
            "ALTER TABLE operations DROP COLUMN retry_of",
            "operations.retry_of",
        ),
        (
            "row.db",
            "UPDATE operations SET intent = '{' WHERE state = 'sending'",
            "cannot be read",
        ),
    ] {
        fs::copy(world.path("journal.db"), world.path(name)).unwrap();
        world.sql(name, statement).await;
        let output = world.does_not_start(name).await;
        assert!(
            output.contains(name) && output.contains(expected),
            "{output}"
        );
        assert!(output.contains("docs/operations.md"), "{output}");
    }
    for (name, at) in [("header.db", (0, 100)), ("root.db", root)] {
        fs::copy(world.path("journal.db"), world.path(name)).unwrap();
        damage(&world.path(name), at);
        let output = world.does_not_start(name).await;
        assert!(output.contains(name), "{output}");
        assert!(output.contains("docs/operations.md"), "{output}");
    }
    // Another program's database is not turned into a journal.
    fs::File::create(world.path("foreign.db")).unwrap();
    let table = "CREATE TABLE customers (id INTEGER)";
    world.sql("foreign.db", table).await;
    let output = world.does_not_start("foreign.db").await;
    assert!(
        output.contains("the file is not a gateway journal"),
        "{output}"
    );
}
