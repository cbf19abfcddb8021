//! The gateway reads the history that the load bench writes by SQL, and detects repetitions of its
//! bookings.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and a bench prints what it does"
)]

use fliggy_gateway::clock::{Clock, SystemClock};
use fliggy_gateway::domain::ids::OperationId;
use fliggy_gateway::domain::operation::{Basis, Operation, Standing, State};
use fliggy_gateway::domain::time::Rfc3339;
use fliggy_gateway::store::sqlite::{SqliteJournal, SqliteSettings};
use fliggy_gateway::store::{Acceptance, Filter, Journal as _, NewOperation, Rereads, Store as _};

#[path = "../benches/load/history.rs"]
mod history;

const ROWS: u64 = 5_000;

async fn open(dir: &std::path::Path) -> SqliteJournal {
    let settings = SqliteSettings {
        path: dir.join("journal.db"),
        read_connections: 1,
        queue: 16,
        hash_key: None,
        rereads: Rereads::default(),
    };
    SqliteJournal::open(&settings).await.unwrap()
}

/// Requests the same booking again, under another key.
async fn repeat(journal: &SqliteJournal, past: &Operation) -> Acceptance {
    let clock = SystemClock::new();
    let operation = Operation {
        id: OperationId::new(&clock),
        revision: 1,
        version: 1,
        standing: Standing::of(State::Accepted),
        ..past.clone()
    };
    let accepting = journal.accept(NewOperation {
        operation,
        idempotency: [1; 32],
        fingerprint: [1; 32],
        duplicate: None,
        allow_duplicate: false,
        timeline: fliggy_gateway::domain::operation::TimelineEntry {
            at: Rfc3339(clock.wall()),
            state: State::Accepted,
            what: "accepted".to_owned(),
        },
    });
    accepting.await.unwrap()
}

#[tokio::test]
async fn the_history_of_the_load_bench_is_read_and_detects_repetitions() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await;
    history::fill(dir.path(), ROWS).await.unwrap();
    let journal = open(dir.path()).await;

    let mut past = Vec::new();
    loop {
        let page = journal.list(Filter {
            before: past.last().map(|last: &Operation| last.id),
            limit: 200,
            ..Filter::default()
        });
        let page = page.await.unwrap();
        if page.is_empty() {
            break;
        }
        past.extend(page);
    }
    // An unreadable operation would be skipped.
    assert_eq!(past.len() as u64, ROWS);
    let absent = |o: &&Operation| o.standing.basis == Some(Basis::Absent);
    let watched = past.iter().filter(|o| o.next_look_at.is_some());
    assert_eq!(past.iter().filter(absent).count(), 10);
    assert!(watched.clone().all(|o| absent(&o)));
    assert_eq!(watched.count(), 1);

    let nothing = past.iter().find(absent).unwrap();
    let refused = repeat(&journal, nothing).await;
    assert!(
        matches!(&refused, Acceptance::RetryOfRequired(other) if other.id == nothing.id),
        "{refused:?}"
    );
    let done = past.iter().find(|o| o.state() == State::Succeeded).unwrap();
    let refused = repeat(&journal, done).await;
    assert!(
        matches!(&refused, Acceptance::AlreadyDone(other) if other.id == done.id),
        "{refused:?}"
    );
    for operation in [nothing, done] {
        let found = journal.with_timeline(operation.id).await.unwrap();
        let (_, timeline) = found.unwrap();
        assert_eq!(timeline.last().unwrap().state, operation.state());
        assert_eq!(timeline.len() as i64, operation.version);
    }
}
