//! The requirements on every journal, whatever store it uses. Every store passes the same suite,
//! including the in-memory store on which the model test explores interleavings.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../model/store.rs"]
mod store;

use fliggy_gateway::domain::operation::{
    Anchor, Attention, Baseline, Basis, Cause, Claim, Difference, DifferingField, EventKind,
    Failure, Intent, Kind, LookupKind, NewEvent, Operation, OrderNumbers, Ownership, Proof,
    Receipt, SessionTag, Standing, State, TimelineEntry, intent,
};
use std::collections::BTreeSet;
use std::path::Path;

use fliggy_gateway::clock::{Clock, SystemClock};
use fliggy_gateway::domain::ids::{
    AccountName, HashKey, OperationId, OrderId, OutOrderNo, RefundOrderNo,
};
use fliggy_gateway::domain::money::Money;
use fliggy_gateway::domain::notice::{News, Notice, OrderNumber};
use fliggy_gateway::domain::order::OrderReceipt;
use fliggy_gateway::domain::refund::{RefundFee, RefundKind, RefundReceipt, RefundStatus};
use fliggy_gateway::domain::time::Rfc3339;
use fliggy_gateway::store::sqlite::{SqliteJournal, SqliteSettings};
use fliggy_gateway::store::{
    Acceptance, Content, EventFilter, Fault, Feed as _, Filter, Journal as _, MessageFilter,
    MessageState, NewMessage, NewOperation, Owners as _, Publication, QuarantineReason, Reception,
    Relations as _, Rereads, Save, Saved, Schedule as _, Store, StoredMessage, Waking,
};
use sqlx::{Connection as _, SqliteConnection};

async fn open(dir: &Path) -> SqliteJournal {
    open_with(dir, None).await.unwrap()
}

async fn open_with(
    dir: &Path,
    hash_key: Option<HashKey>,
) -> Result<SqliteJournal, fliggy_gateway::store::JournalError> {
    SqliteJournal::open(&SqliteSettings {
        path: dir.join("journal.db"),
        read_connections: 2,
        queue: 64,
        hash_key,
        rereads: Rereads::default(),
    })
    .await
}

/// Another connection to the database.
async fn connect(dir: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", dir.join("journal.db").display());
    SqliteConnection::connect(&url).await.unwrap()
}

fn account() -> AccountName {
    "default".parse().unwrap()
}

fn pay(order: u64) -> Intent {
    Intent::Pay(intent::Pay {
        order_id: OrderId::new(order).unwrap(),
        total: Money::parse("950.00").unwrap(),
    })
}

fn refund(order: u64, number: &str) -> Intent {
    Intent::Refund(intent::Refund {
        order_id: OrderId::new(order).unwrap(),
        out_refund_no: number.parse().unwrap(),
        refund_kind: RefundKind::Voluntary,
        passengers: Vec::new(),
        fee: RefundFee::Unknown,
        with_attachment: false,
    })
}

fn change(order: u64, number: &str) -> Intent {
    Intent::Change(intent::Change {
        order_id: OrderId::new(order).unwrap(),
        out_change_no: number.parse().unwrap(),
        passengers: Vec::new(),
        targets: Vec::new(),
        max_total: None,
    })
}

fn close(order: u64) -> Intent {
    Intent::Close(intent::Close {
        order_id: OrderId::new(order).unwrap(),
    })
}

fn book(reference: &str) -> Intent {
    Intent::Book(intent::Book {
        out_order_no: reference.parse::<OutOrderNo>().unwrap(),
        total: Money::parse("950.00").unwrap(),
        segments: Vec::new(),
        passengers: Vec::new(),
        rules: None,
    })
}

fn entry(state: State) -> TimelineEntry {
    TimelineEntry {
        at: Rfc3339(SystemClock::new().wall()),
        state,
        what: state.as_str().to_owned(),
    }
}

/// Proof that an order was found by this reference.
fn proof(reference: &str, at_ms: i64) -> Proof {
    Proof {
        lookup: LookupKind::OrderByReference,
        key: reference.to_owned(),
        session: Some(SessionTag::new(&HashKey::new([1; 32]), "a session")),
        at_ms,
    }
}

fn new(intent: Intent, key: u8) -> NewOperation {
    let clock = SystemClock::new();
    NewOperation {
        operation: Operation::accepted(
            OperationId::new(&clock),
            intent,
            account(),
            "app".into(),
            "boot-1".into(),
            1000,
            clock.wall(),
        ),
        idempotency: [key; 32],
        fingerprint: [key; 32],
        duplicate: None,
        allow_duplicate: false,
        timeline: entry(State::Accepted),
    }
}

async fn accept(journal: &dyn Store, new: NewOperation) -> Operation {
    let operation = new.operation.clone();
    let acceptance = journal.accept(new).await.unwrap();
    assert!(matches!(acceptance, Acceptance::Accepted), "{acceptance:?}");
    operation
}

/// The result of saving the operation in this state.
async fn saved(journal: &dyn Store, operation: &Operation, standing: Standing) -> Saved {
    let save = Save {
        operation: Operation {
            standing,
            ..operation.clone()
        },
        timeline: vec![entry(standing.state)],
        events: Vec::new(),
        proves: None,
        now_ms: 0,
    };
    journal.save(save).await.unwrap()
}

/// Saves the operation in this state; asserts that the save is done.
async fn put(journal: &dyn Store, operation: &mut Operation, standing: Standing) {
    operation.standing = standing;
    match saved(journal, operation, standing).await {
        Saved::Done(revision) => operation.revision = revision,
        other @ (Saved::Stale(_) | Saved::Gone) => panic!("{other:?}"),
    }
}

fn word(acceptance: &Acceptance) -> &'static str {
    match acceptance {
        Acceptance::Accepted => "accepted",
        Acceptance::Replay(_) => "replay",
        Acceptance::KeyReused => "key reused",
        Acceptance::Locked(_) => "locked",
        Acceptance::AlreadyDone(_) => "already done",
        Acceptance::Duplicate(_) => "duplicate",
        Acceptance::RetryOfRequired(_) => "retry_of required",
        Acceptance::NothingToRetry => "nothing to retry",
    }
}

async fn timeline(journal: &dyn Store, operation: &Operation) -> Vec<TimelineEntry> {
    let found = journal.with_timeline(operation.id).await.unwrap();
    let (read, timeline) = found.unwrap();
    assert_eq!(read.state(), timeline.last().unwrap().state);
    timeline
}

async fn outcome(journal: &dyn Store, new: NewOperation) -> &'static str {
    word(&journal.accept(new).await.unwrap())
}

/// Runs each of these tests on every store.
macro_rules! on_every_store {
    ($($test:ident,)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    let dir = tempfile::tempdir().unwrap();
                    super::$test(&super::open(dir.path()).await).await;
                }
            )*
        }

        mod model {
            $(
                #[tokio::test]
                async fn $test() {
                    let store = super::store::ModelStore::new();
                    store.opened();
                    super::$test(&store).await;
                }
            )*
        }
    };
}

mod api_keys;
mod resources;
mod sessions;
mod webhooks;

on_every_store! {
    a_key_replays_its_own_request_and_refuses_another,
    a_subject_has_one_open_write_until_it_settles,
    a_lock_holds_only_within_its_account,
    only_operations_that_sent_nothing_are_pruned_when_due,
    a_write_that_succeeded_is_not_executed_again,
    a_refund_or_change_number_succeeds_once,
    a_key_is_free_again_only_if_nothing_was_sent,
    law_6_a_new_operation_must_name_the_absent_one,
    a_contradicted_operation_locks_its_subject_again,
    law_6_earlier_and_later_operations_include_only_those_that_were_sent,
    law_7_an_operation_is_found_by_the_number_of_its_result,
    the_same_passengers_are_not_booked_twice_by_accident,
    law_9_a_save_is_decided_on_the_current_row,
    law_5_the_last_proof_of_each_lookup_is_kept,
    law_10_one_fact_is_one_event,
    due_operations_are_returned_most_overdue_first,
    law_8_accepted_and_sending_operations_without_updates_are_stale,
    law_10_an_event_needs_no_operation_and_is_read_by_its_owner,
    a_filter_reads_the_events_that_it_selects,
    the_oldest_events_are_trimmed_and_positions_stay,
    an_order_belongs_to_the_caller_that_booked_it,
    an_event_names_the_order_that_it_concerns,
    a_message_has_its_effects_once,
    law_6_a_message_makes_the_lookups_of_its_order_due,
    a_message_in_quarantine_is_processed_once_it_can_be_used,
    messages_are_listed_newest_first_and_forgotten_by_age,
    a_list_is_paged_newest_first,
    many_writers_share_a_commit_and_each_gets_its_own_result,
}

#[tokio::test]
async fn an_operation_is_read_as_it_was_written_even_by_a_later_process() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let mut operation = accept(&journal, new(pay(1), 1)).await;
    operation.sent_at = Some(operation.created_at);
    operation.sent_steady_ms = Some(42);
    operation.claim = Claim::RefusedUnlisted;
    operation.attention = Some(Attention::NoControl);
    operation.confirmed_at = Some(operation.created_at);
    operation.baseline = Baseline {
        numbers: vec![4_966_000_000_001, 9_007_199_254_740_993],
        travellers: vec!["psg_0123456789abcdef0123456789abcdef".parse().unwrap()],
    };
    operation.findings.lookups = 3;
    operation.next_look_at = Some(5000);
    operation.failure = Some(Failure::of(Cause::Refused).with_detail("why"));
    operation.differs = vec![Difference {
        field: DifferingField::TotalPrice,
        expected: "950.00".into(),
        found: "960.00".into(),
    }];
    put(&journal, &mut operation, Standing::of(State::Sending)).await;
    put(&journal, &mut operation, Standing::of(State::Unknown)).await;
    let key = journal.hash_key().clone();
    let read = journal.get(operation.id).await.unwrap().unwrap();
    // The store keeps milliseconds.
    operation.created_at = read.created_at;
    operation.sent_at = read.sent_at;
    operation.confirmed_at = read.confirmed_at;
    assert_eq!(read, operation);
    journal.close().await;
    drop(journal);

    let journal = open(dir.path()).await;
    assert_eq!(journal.get(operation.id).await.unwrap().unwrap(), operation);
    assert_eq!(*journal.hash_key(), key, "hashes must stay comparable");
    let timeline = timeline(&journal, &operation).await;
    let states: Vec<_> = timeline.iter().map(|line| line.state).collect();
    assert_eq!(states, [State::Accepted, State::Sending, State::Unknown]);
}

#[tokio::test]
async fn two_processes_never_share_a_journal() {
    let dir = tempfile::tempdir().unwrap();
    let _journal = open(dir.path()).await;
    let second = open_with(dir.path(), None).await;
    let error = second.unwrap_err().to_string();
    assert!(error.contains("another process"), "{error}");
}

/// POSIX drops all `fcntl` locks that a process holds on a file when the process closes any
/// descriptor of that file.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sqlite_keeps_its_locks_on_an_open_journal() {
    use std::os::unix::fs::MetadataExt as _;

    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let database = dir.path().join("journal.db").metadata().unwrap();
    // `/proc/locks` may omit lines while other processes lock and unlock, so each open file is
    // checked by itself.
    let locks = || {
        let mut kinds = BTreeSet::new();
        for open in std::fs::read_dir("/proc/self/fd").unwrap() {
            let open = open.unwrap();
            // The file may have been closed since.
            let Ok(file) = std::fs::metadata(open.path()) else {
                continue;
            };
            if (file.dev(), file.ino()) != (database.dev(), database.ino()) {
                continue;
            }
            let info = std::path::Path::new("/proc/self/fdinfo").join(open.file_name());
            let info = std::fs::read_to_string(info).unwrap_or_default();
            let locks = info.lines().filter(|line| line.starts_with("lock:"));
            kinds.extend(locks.map(|line| line.split_whitespace().nth(2).unwrap().to_owned()));
        }
        kinds
    };
    let both = BTreeSet::from(["FLOCK".to_owned(), "POSIX".to_owned()]);
    assert_eq!(locks(), both);
    assert!(open_with(dir.path(), None).await.is_err());
    accept(&journal, new(pay(1), 1)).await;
    journal.probe().await.unwrap();
    assert_eq!(locks(), both);
    journal.close().await;
    assert_eq!(locks(), BTreeSet::from(["FLOCK".to_owned()]));
    drop(journal);
    assert!(locks().is_empty());
}

#[tokio::test]
async fn a_closed_journal_reports_that_it_is_closed_and_leaves_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let operation = accept(&journal, new(pay(1), 1)).await;
    // Reads in progress may succeed or fail, but do not delay the close.
    let reads = futures::future::join_all((0..50).map(|_| journal.get(operation.id)));
    let (reads, ()) = tokio::join!(reads, journal.close());
    for read in reads {
        assert!(read.is_ok() || read.is_err_and(|e| e.fault == Fault::Closed));
    }
    let late = journal.get(operation.id).await.unwrap_err();
    assert_eq!(late.fault, Fault::Closed, "{late}");
    assert!(journal.accept(new(pay(2), 2)).await.is_err());
    // A second close has no effect.
    journal.close().await;
    drop(journal);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn a_close_keeps_the_log_while_another_process_reads() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let mut reader = connect(dir.path()).await;
    sqlx::raw_sql("BEGIN; SELECT * FROM operations")
        .execute(&mut reader)
        .await
        .unwrap();
    let operation = accept(&journal, new(pay(1), 1)).await;
    journal.close().await;
    drop(journal);
    assert!(dir.path().join("journal.db-wal").metadata().unwrap().len() > 0);
    reader.close().await.unwrap();
    let journal = open(dir.path()).await;
    assert!(journal.get(operation.id).await.unwrap().is_some());
}

#[tokio::test]
async fn an_unreadable_open_operation_stops_new_writes() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let mut settled = accept(&journal, new(pay(1), 1)).await;
    put(&journal, &mut settled, Standing::of(State::Sending)).await;
    settled.next_look_at = Some(0);
    put(&journal, &mut settled, Standing::of(State::Rejected)).await;
    let mut unknown = accept(&journal, new(pay(2), 2)).await;
    put(&journal, &mut unknown, Standing::of(State::Sending)).await;
    unknown.next_look_at = Some(0);
    put(&journal, &mut unknown, Standing::of(State::Unknown)).await;
    let mut under_way = accept(&journal, new(pay(3), 3)).await;
    put(&journal, &mut under_way, Standing::of(State::Sending)).await;
    let mut waiting = accept(&journal, new(pay(4), 4)).await;

    let mut other = connect(dir.path()).await;
    let mut corrupt = async |id: OperationId| {
        sqlx::query("UPDATE operations SET intent = '{' WHERE id = ?1")
            .bind(id.to_string())
            .execute(&mut other)
            .await
            .unwrap();
    };
    // An unreadable settled operation is skipped: a later gateway may have written it in another
    // format.
    corrupt(settled.id).await;
    assert_eq!(journal.due(0, 10).await.unwrap().len(), 1);
    journal.probe().await.unwrap();
    corrupt(unknown.id).await;
    assert_eq!(journal.due(0, 10).await.unwrap().len(), 0);
    let damaged = journal.probe().await.unwrap_err();
    assert_eq!(damaged.fault, Fault::Damaged, "{damaged}");
    // No acceptance and no send, but the outcome of what was sent is stored.
    assert!(journal.accept(new(pay(5), 5)).await.is_err());
    waiting.standing = Standing::of(State::Sending);
    let send = journal.save(Save {
        operation: waiting.clone(),
        timeline: Vec::new(),
        events: Vec::new(),
        proves: None,
        now_ms: 0,
    });
    assert!(send.await.is_err());
    put(&journal, &mut under_way, Standing::of(State::Succeeded)).await;
    put(
        &journal,
        &mut waiting,
        Standing::not_executed(Basis::NotSent),
    )
    .await;

    journal.close().await;
    drop(journal);
    let refused = open_with(dir.path(), None).await.unwrap_err();
    assert!(refused.what.contains(&unknown.id.to_string()), "{refused}");
}

#[tokio::test]
async fn a_journal_accepts_only_the_hash_key_it_was_written_with() {
    let key = |byte| Some(HashKey::new([byte; 32]));
    for (first, later, advice) in [
        (key(1), key(2), "to the original key"),
        (key(1), None, "set store.hash_key or store.hash_key_file"),
        (None, key(2), "remove store.hash_key"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let journal = open_with(dir.path(), first.clone()).await.unwrap();
        let kept = journal.hash_key().clone();
        journal.close().await;
        drop(journal);
        // The second attempt is refused too: the first one changed nothing.
        for _ in 0..2 {
            let refused = open_with(dir.path(), later.clone()).await;
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(advice), "{error}");
        }
        let journal = open_with(dir.path(), first).await.unwrap();
        assert_eq!(*journal.hash_key(), kept);
    }
    // The key that a journal generated for itself may be configured later.
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let own = journal.hash_key().clone();
    journal.close().await;
    drop(journal);
    assert!(open_with(dir.path(), Some(own)).await.is_ok());
}

#[tokio::test]
async fn a_journal_of_a_later_gateway_is_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    journal.close().await;
    drop(journal);
    let mut later = connect(dir.path()).await;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut later)
        .await
        .unwrap();
    assert_eq!(version, 10);
    sqlx::raw_sql("DROP TABLE attachments; PRAGMA user_version = 11")
        .execute(&mut later)
        .await
        .unwrap();
    let error = open_with(dir.path(), None).await.unwrap_err().to_string();
    assert!(error.contains("has version 11"), "{error}");
    let tables: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'attachments'")
            .fetch_one(&mut later)
            .await
            .unwrap();
    assert_eq!(tables, 0, "the journal was changed");
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_of_a_journal_are_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new").join("deep");
    let journal = open(&new).await;
    accept(&journal, self::new(pay(1), 1)).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for made in [new.parent().unwrap(), &new] {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        assert_eq!(mode(&new.join(file)), 0o600, "{file}");
    }
}

async fn a_key_replays_its_own_request_and_refuses_another(journal: &dyn Store) {
    accept(journal, new(pay(1), 1)).await;
    assert_eq!(outcome(journal, new(pay(1), 1)).await, "replay");
    let mut other = new(pay(2), 1);
    other.fingerprint = [9; 32];
    assert_eq!(outcome(journal, other).await, "key reused");
}

async fn a_subject_has_one_open_write_until_it_settles(journal: &dyn Store) {
    let mut first = accept(journal, new(pay(1), 1)).await;
    // Payment and close of one order share its lock; another order is free.
    assert_eq!(outcome(journal, new(close(1), 2)).await, "locked");
    assert_eq!(outcome(journal, new(close(2), 3)).await, "accepted");
    for state in [State::Sending, State::Unknown, State::NeedsAttention] {
        put(journal, &mut first, Standing::of(state)).await;
        assert_eq!(
            outcome(journal, new(close(1), 4)).await,
            "locked",
            "{state:?}"
        );
    }
    put(journal, &mut first, Standing::of(State::Rejected)).await;
    assert_eq!(outcome(journal, new(close(1), 5)).await, "accepted");
}

async fn a_lock_holds_only_within_its_account(journal: &dyn Store) {
    let mut first = accept(journal, new(pay(1), 1)).await;
    let mut elsewhere = new(pay(1), 2);
    elsewhere.operation.account = "other".parse().unwrap();
    assert_eq!(outcome(journal, elsewhere).await, "accepted");
    put(journal, &mut first, Standing::of(State::Sending)).await;
    put(journal, &mut first, Standing::of(State::Succeeded)).await;
    let mut elsewhere = new(close(1), 3);
    elsewhere.operation.account = "other".parse().unwrap();
    assert_eq!(outcome(journal, elsewhere).await, "locked");
}

async fn only_operations_that_sent_nothing_are_pruned_when_due(journal: &dyn Store) {
    let mut kept = Vec::new();
    let mut gone = Vec::new();
    for (order, prune_at) in [(1_u64, Some(100)), (2, Some(101)), (3, None), (4, Some(99))] {
        let key = u8::try_from(order).unwrap();
        let mut operation = accept(journal, new(pay(order), key)).await;
        operation.prune_at = prune_at;
        put(
            journal,
            &mut operation,
            Standing::not_executed(Basis::NotSent),
        )
        .await;
        let list = if prune_at.is_some_and(|at| at <= 100) {
            &mut gone
        } else {
            &mut kept
        };
        list.push(operation);
    }
    assert_eq!(journal.prune(100).await.unwrap(), 2);
    assert_eq!(journal.prune(100).await.unwrap(), 0);
    for operation in gone {
        assert!(journal.get(operation.id).await.unwrap().is_none());
        assert!(journal.with_timeline(operation.id).await.unwrap().is_none());
        // A save that was decided before the pruning finds no row.
        let saved = journal
            .save(Save {
                operation,
                timeline: Vec::new(),
                events: Vec::new(),
                proves: None,
                now_ms: 0,
            })
            .await;
        assert!(matches!(saved.unwrap(), Saved::Gone));
    }
    for operation in kept {
        assert!(journal.get(operation.id).await.unwrap().is_some());
        assert_eq!(timeline(journal, &operation).await.len(), 2);
    }
}

/// A journal written by a gateway of version 1 that was killed: a payment that succeeded, a payment
/// that was not sent, its repetition that ended as absent, and a payment that is unknown.
const VERSION_1: &str = include_str!("../vectors/journal/version-1.sql");

/// A journal written by a gateway of version 2 that was killed: an order with a refund of one
/// passenger and a change of another, and an unknown payment of a second order.
const VERSION_2: &str = include_str!("../vectors/journal/version-2.sql");

/// A journal written by a gateway of version 3 that was killed: operations of every kind, with
/// rules, another total than requested, a refusal, a ban, and an unknown payment.
const VERSION_3: &str = include_str!("../vectors/journal/version-3.sql");

/// The journal of version 3 after a gateway of version 4 worked on it and stopped.
const VERSION_4: &str = include_str!("../vectors/journal/version-4.sql");
const VERSION_5: &str = include_str!("../vectors/journal/version-5.sql");

/// A journal written by a gateway of version 6 with messages: an order with a refund, one with an unpaid change, a closed
/// one, one that only a message reports as paid, and a message about an unknown order.
const VERSION_6: &str = include_str!("../vectors/journal/version-6.sql");

/// A journal written by a gateway of version 7: as that of version 6.
const VERSION_7: &str = include_str!("../vectors/journal/version-7.sql");

/// A journal written by a gateway of version 8 that was killed: as that of version 7, and an unknown payment. Of its webhooks,
/// one has all events; one has delivered, pending and dead deliveries; one is paused with an open replay; one was deleted.
const VERSION_8: &str = include_str!("../vectors/journal/version-8.sql");

/// A journal written by a gateway of version 9 that was killed: as that of version 8, and a session that was entered by hand.
const VERSION_9: &str = include_str!("../vectors/journal/version-9.sql");

/// Opens a journal that an earlier gateway has written.
async fn open_old(dir: &Path, earlier: &'static str) -> SqliteJournal {
    let url = format!("sqlite://{}?mode=rwc", dir.join("journal.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(earlier)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    reopen_old(dir).await
}

/// Opens such a journal again, with the hash key of the earlier gateways.
async fn reopen_old(dir: &Path) -> SqliteJournal {
    open_with(dir, Some(HashKey::new([0x5a; 32])))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_journal_of_version_3_is_read_completely() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_3).await;
    let filter = Filter {
        limit: 100,
        ..Filter::default()
    };
    let mut found = Vec::new();
    for operation in journal.list(filter).await.unwrap() {
        let mut line = format!(
            "{} {}",
            operation.kind().as_str(),
            operation.state().as_str()
        );
        if let Some(basis) = operation.standing.basis {
            line = format!("{line}/{}", basis.as_str());
        }
        if let Some(failure) = &operation.failure {
            line = format!("{line} {:?}", failure.cause);
        }
        if let Some(receipt) = &operation.result {
            line = format!("{line}: {}", receipt.status_text());
        }
        if !operation.differs.is_empty() {
            line = format!("{line}, {} differs", operation.differs[0].field.words());
        }
        if operation
            .intent
            .rules()
            .is_some_and(|rules| rules.refund_rule.is_some())
        {
            line = format!("{line}, with rules");
        }
        assert!(!timeline(&journal, &operation).await.is_empty());
        found.push(line);
    }
    found.reverse();
    assert_eq!(
        found,
        [
            "book succeeded: the order is booked, with rules",
            "pay succeeded: the order is paid",
            "change succeeded: the change is awaiting payment",
            "change_pay succeeded: the change is awaiting ticketing",
            "change succeeded: the change is awaiting payment",
            "change_cancel succeeded: the change is closed",
            "refund succeeded: the refund is applied",
            "book succeeded: the order is booked, with rules",
            "close succeeded: the order is closed",
            "pay not_executed/not_sent OrderNotPayable",
            "book succeeded: the order is booked, with rules",
            "pay rejected Refused",
            "pay not_executed/refused_by_gateway RateLimited",
            "book succeeded: the order is booked, the total differs, with rules",
            "book succeeded: the order is booked, with rules",
            "pay unknown"
        ]
    );
}

#[tokio::test]
async fn a_journal_of_version_3_has_owners_of_its_orders_and_events() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_3).await;
    let filter = EventFilter {
        limit: 100,
        owner: Some("local".to_owned()),
        ..all(0)
    };
    let events = journal.events(filter).await.unwrap();
    assert!(events.len() > 20, "{}", events.len());
    for event in &events {
        let operation = journal
            .get(event.operation_id.unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (&event.account, "local"),
            (&operation.account, operation.caller.as_str())
        );
    }
    let owner = async |number: &str| {
        let found = journal
            .owner_of_reference(&account(), &number.parse().unwrap())
            .await;
        let found = found.unwrap().unwrap();
        let by_id = journal.owner_of_order(&account(), found.order_id).await;
        assert_eq!(by_id.unwrap().as_ref(), Some(&found));
        (found.owner, found.last_departure.unwrap().to_string())
    };
    let local = |departure: &str| ("local".to_owned(), departure.to_owned());
    // The order was changed to a flight on the next day.
    assert_eq!(owner("V3-1").await, local("2030-05-21T08:45:00+08:00"));
    assert_eq!(owner("V3-2").await, local("2030-05-20T08:45:00+08:00"));
    // Later events get greater sequence numbers.
    let publication = Publication {
        event: NewEvent {
            kind: EventKind::OrderPaid,
            subject: "1".to_owned(),
            fact: "paid".to_owned(),
        },
        account: account(),
        owner: None,
        order: OrderNumbers::default(),
        at: entry(State::Accepted).at.0,
    };
    journal.publish(vec![publication]).await.unwrap();
    let last = events.last().unwrap().sequence;
    assert_eq!(journal.events(all(last)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_events_of_version_4_have_the_types_of_the_api() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_4).await;
    let events = journal
        .events(EventFilter {
            limit: 100,
            ..all(0)
        })
        .await
        .unwrap();
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    for (kind, expected) in [
        (EventKind::OperationSettled, 14),
        (EventKind::OperationUnknown, 4),
        (EventKind::OrderBooked, 5),
        (EventKind::OrderPaid, 1),
        (EventKind::OrderClosed, 1),
        (EventKind::RefundCreated, 1),
        (EventKind::ChangeCreated, 2),
        (EventKind::ChangeAwaitingTicketing, 1),
        (EventKind::ChangeClosed, 1),
    ] {
        assert_eq!(count(kind), expected, "{kind:?}");
    }
    assert_eq!(events.len(), 30);
}

#[tokio::test]
async fn the_events_of_version_5_name_their_orders() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_5).await;
    let events = journal
        .events(EventFilter {
            limit: 100,
            ..all(0)
        })
        .await
        .unwrap();
    assert_eq!(events.len(), 30);
    for event in &events {
        let operation = journal.get(event.operation_id.unwrap()).await.unwrap();
        let operation = operation.unwrap();
        let in_row = OrderNumbers::of(&operation);
        assert_eq!(event.order.order_id, in_row.order_id, "{event:?}");
        if in_row.out_order_no.is_some() {
            assert_eq!(event.order.out_order_no, in_row.out_order_no, "{event:?}");
        }
        if let Some(order_id) = event.order.order_id {
            let owner = journal.owner_of_order(&account(), order_id).await.unwrap();
            let known = owner.map(|owner| owner.out_order_no);
            assert!(
                known.is_none() || event.order.out_order_no == known,
                "{event:?}"
            );
        }
    }
    let named = events.iter().filter(|event| event.order.order_id.is_some());
    assert!(named.count() > 20);
    // The inbox is there, and empty.
    assert!(inbox(&journal).await.is_empty());
    receive(&journal, vec![notice("m-1", "7", News::OrderTicketed)]).await;
    assert_eq!(inbox(&journal).await.len(), 1);
}

#[tokio::test]
async fn a_contradicted_result_of_version_3_becomes_a_recorded_finding() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}?mode=rwc",
        dir.path().join("journal.db").display()
    );
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(VERSION_3)
        .execute(&mut connection)
        .await
        .unwrap();
    let contradict = "UPDATE operations SET state = 'needs_attention', contradicted = 1, attention = 'contradicted' \
                      WHERE kind = 'book' AND state = 'succeeded'";
    sqlx::raw_sql(contradict)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let journal = reopen_old(dir.path()).await;
    let filter = Filter {
        kind: Some(Kind::Book),
        limit: 100,
        ..Filter::default()
    };
    let mut recorded = 0;
    for operation in journal.list(filter).await.unwrap() {
        // A lookup found another total for one booking; only that booking keeps its result.
        assert_eq!(operation.result.is_some(), !operation.differs.is_empty());
        recorded += usize::from(operation.findings.recorded.is_some());
        let made = OrderId::new(operation.made().unwrap()).unwrap();
        let owner = journal.owner_of_order(&account(), made).await.unwrap();
        assert_eq!(owner.unwrap().operation_id, operation.id);
    }
    assert_eq!(recorded, 4);
}

#[tokio::test]
async fn operations_of_an_ended_process_are_stale_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    journal.renew("boot-1", i64::MAX).await.unwrap();
    let operation = accept(&journal, new(pay(1), 1)).await;
    assert!(
        journal
            .stale("boot-2", 0, i64::MAX)
            .await
            .unwrap()
            .is_empty()
    );
    journal.close().await;
    drop(journal);
    let journal = open(dir.path()).await;
    let stale = journal.stale("boot-2", 0, 0).await.unwrap();
    assert_eq!(stale.len(), 1);
    assert_eq!(stale[0].id, operation.id);
}

#[tokio::test]
async fn a_journal_of_version_2_knows_the_results_of_its_operations() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_2).await;
    for (kind, number) in [
        (Kind::Book, 7_359_143_789_775_800_003),
        (Kind::Refund, 4_359_143_789_775_800_003),
        (Kind::Change, 5_359_143_789_775_800_003),
    ] {
        let makers = journal.makers(&account(), kind, &[number]).await.unwrap();
        assert_eq!(makers.len(), 1, "{kind:?}");
    }
    let unknown = 7_359_143_789_775_800_005;
    assert_eq!(outcome(&journal, new(pay(unknown), 1)).await, "locked");
    for (lookup, key) in [
        (LookupKind::OrderByReference, "V2-2"),
        (LookupKind::RefundsOfOrder, "7359143789775800003"),
        (LookupKind::ChangesOfOrder, "7359143789775800003"),
    ] {
        let proof = journal.proof(&account(), lookup).await.unwrap().unwrap();
        assert_eq!((proof.key.as_str(), proof.at_ms), (key, 0));
    }
    let paid = journal.makers(&account(), Kind::Pay, &[7_359_143_789_775_800_003]);
    assert_eq!(paid.await.unwrap(), []);
}

#[tokio::test]
async fn a_journal_of_an_earlier_gateway_keeps_its_locks() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_1).await;
    let paid = 7_359_141_593_205_800_003;
    let absent = 7_359_141_593_205_800_005;
    let unknown = 7_359_141_593_205_800_007;
    assert_eq!(outcome(&journal, new(pay(paid), 1)).await, "already done");
    assert_eq!(
        outcome(&journal, new(pay(absent), 2)).await,
        "retry_of required"
    );
    assert_eq!(outcome(&journal, new(pay(unknown), 3)).await, "locked");
    assert_eq!(
        outcome(&journal, new(book("V1-PAID"), 4)).await,
        "already done"
    );
    let kept = |basis| {
        let journal = &journal;
        async move {
            let filter = Filter {
                state: Some(State::NotExecuted),
                limit: 10,
                ..Filter::default()
            };
            let found = journal.list(filter).await.unwrap();
            let of_basis = found.iter().filter(|o| o.standing.basis == Some(basis));
            of_basis.count()
        }
    };
    assert_eq!(
        (kept(Basis::NotSent).await, kept(Basis::Absent).await),
        (1, 1)
    );
    // The operation has an event, which must not vanish from the feed.
    assert_eq!(journal.prune(i64::MAX).await.unwrap(), 0);
    journal.close().await;
    drop(journal);
    // Opened again, the journal has the current version.
    reopen_old(dir.path()).await;
}

async fn a_refund_or_change_number_succeeds_once(journal: &dyn Store) {
    for (key, order, of) in [
        (1, 7, refund as fn(u64, &str) -> Intent),
        (10, 17, change as fn(u64, &str) -> Intent),
    ] {
        let mut done = accept(journal, new(of(order, "A"), key)).await;
        put(journal, &mut done, Standing::of(State::Sending)).await;
        put(journal, &mut done, Standing::of(State::Succeeded)).await;
        assert_eq!(
            outcome(journal, new(of(order, "A"), key + 1)).await,
            "already done"
        );
        assert_eq!(
            outcome(journal, new(of(order + 1, "A"), key + 2)).await,
            "accepted"
        );
        let mut other = accept(journal, new(of(order, "B"), key + 3)).await;
        put(journal, &mut other, Standing::of(State::Sending)).await;
        // The number of a rejected write may be used again.
        put(journal, &mut other, Standing::of(State::Rejected)).await;
        let mut again = accept(journal, new(of(order, "B"), key + 4)).await;
        put(journal, &mut again, Standing::of(State::Sending)).await;
        put(journal, &mut again, Standing::of(State::Rejected)).await;
    }
}

async fn a_write_that_succeeded_is_not_executed_again(journal: &dyn Store) {
    let mut paid = accept(journal, new(pay(1), 1)).await;
    put(journal, &mut paid, Standing::of(State::Sending)).await;
    put(journal, &mut paid, Standing::of(State::Succeeded)).await;
    assert_eq!(outcome(journal, new(pay(1), 2)).await, "already done");
    assert_eq!(outcome(journal, new(pay(1), 1)).await, "replay");
    assert_eq!(outcome(journal, new(close(1), 3)).await, "accepted");
}

async fn a_key_is_free_again_only_if_nothing_was_sent(journal: &dyn Store) {
    for (order, basis, again) in [
        (1, Basis::NotSent, "accepted"),
        (2, Basis::RefusedByGateway, "accepted"),
        (3, Basis::Absent, "replay"),
    ] {
        let key = u8::try_from(order).unwrap();
        let mut operation = accept(journal, new(pay(order), key)).await;
        put(journal, &mut operation, Standing::of(State::Sending)).await;
        put(journal, &mut operation, Standing::not_executed(basis)).await;
        assert_eq!(
            outcome(journal, new(pay(order), key)).await,
            again,
            "{basis:?}"
        );
    }
}

async fn law_6_a_new_operation_must_name_the_absent_one(journal: &dyn Store) {
    let mut absent = accept(journal, new(pay(1), 1)).await;
    put(journal, &mut absent, Standing::of(State::Unknown)).await;
    put(journal, &mut absent, Standing::not_executed(Basis::Absent)).await;
    assert_eq!(outcome(journal, new(pay(1), 2)).await, "retry_of required");
    let mut named = new(pay(1), 3);
    named.operation.retry_of = Some(absent.id);
    let mut repeat = accept(journal, named).await;
    // The retry holds the lock when the contradiction arrives, so the contradicted operation blocks
    // by its state.
    put(journal, &mut absent, Standing::of(State::NeedsAttention)).await;
    assert_eq!(outcome(journal, new(pay(1), 4)).await, "locked");
    // The retry was accepted before the contradiction; it is not sent any more.
    let sent = saved(journal, &repeat, Standing::of(State::Sending)).await;
    assert!(matches!(sent, Saved::Stale(_)), "{sent:?}");
    put(journal, &mut repeat, Standing::not_executed(Basis::NotSent)).await;
}

async fn law_7_an_operation_is_found_by_the_number_of_its_result(journal: &dyn Store) {
    let mut made = accept(journal, new(refund(1, "R-1"), 1)).await;
    put(journal, &mut made, Standing::of(State::Sending)).await;
    made.result = Some(Receipt::Refund(RefundReceipt {
        refund_order_no: RefundOrderNo::new(70).unwrap(),
        order_id: OrderId::new(1).unwrap(),
        out_refund_no: "R-1".parse().unwrap(),
        kind: RefundKind::Voluntary,
        status: RefundStatus::Applied,
        fee: None,
        refund_amount: None,
        applied_at: None,
        refunded_at: None,
        attachment_awaited: false,
        passenger_ids: Vec::new(),
    }));
    put(journal, &mut made, Standing::of(State::Succeeded)).await;
    let makers = async |account: &str, kind, numbers: &[u64]| {
        let account = account.parse().unwrap();
        journal.makers(&account, kind, numbers).await.unwrap()
    };
    let found = makers("default", Kind::Refund, &[69, 70, 71]).await;
    assert_eq!(found, [(70, made.id)]);
    assert_eq!(makers("default", Kind::Change, &[70]).await, []);
    assert_eq!(makers("other", Kind::Refund, &[70]).await, []);
    assert_eq!(makers("default", Kind::Refund, &[]).await, []);
}

async fn law_6_earlier_and_later_operations_include_only_those_that_were_sent(journal: &dyn Store) {
    use State::{NeedsAttention, Rejected, Sending, Succeeded, Unknown};
    let absent = Standing::not_executed(Basis::Absent);
    let histories = [
        ("absent", vec![Standing::of(Unknown), absent]),
        ("rejected", vec![Standing::of(Rejected)]),
        (
            "refused",
            vec![Standing::not_executed(Basis::RefusedByGateway)],
        ),
        ("not-sent", vec![Standing::not_executed(Basis::NotSent)]),
        ("done", vec![Standing::of(Succeeded)]),
        ("other-kind", vec![Standing::of(Rejected)]),
    ];
    let mut all: Vec<OperationId> = Vec::new();
    for round in ["0", "1"] {
        for (name, standings) in &histories {
            let intent = match *name {
                "other-kind" => close(1),
                // Each refund is for another passenger, so none repeats another.
                name => refund(1, &format!("{name}-{round}")),
            };
            let new = new(intent, u8::try_from(all.len()).unwrap());
            let mut operation = accept(journal, new).await;
            put(journal, &mut operation, Standing::of(Sending)).await;
            for standing in standings {
                put(journal, &mut operation, *standing).await;
            }
            all.push(operation.id);
        }
    }
    let read = async |id: OperationId| journal.get(id).await.unwrap().unwrap();
    let earlier = async |id| {
        let earlier = journal.earlier_ones(&read(id).await).await.unwrap();
        earlier.iter().map(|o| o.id).collect::<Vec<_>>()
    };
    // Newest first.
    assert_eq!(earlier(all[6]).await, [all[2], all[1], all[0]]);
    assert_eq!(earlier(all[0]).await, []);
    let first = read(all[0]).await;
    let done = |number| (Succeeded, refund(1, number));
    let later = journal.later_ones(&first).await.unwrap();
    assert_eq!(later, [done("done-1"), done("done-0")]);
    let mut contradicted = read(all[1]).await;
    put(journal, &mut contradicted, Standing::of(NeedsAttention)).await;
    let later = journal.later_ones(&first).await.unwrap();
    assert_eq!(later[2].0, NeedsAttention);
}

async fn a_contradicted_operation_locks_its_subject_again(journal: &dyn Store) {
    let mut rejected = accept(journal, new(pay(1), 1)).await;
    put(journal, &mut rejected, Standing::of(State::Sending)).await;
    put(journal, &mut rejected, Standing::of(State::Rejected)).await;
    // A second operation is already accepted; it is not sent any more.
    let mut second = accept(journal, new(pay(1), 3)).await;
    put(journal, &mut rejected, Standing::of(State::NeedsAttention)).await;
    assert_eq!(outcome(journal, new(pay(1), 2)).await, "locked");
    let sent = saved(journal, &second, Standing::of(State::Sending)).await;
    assert!(matches!(sent, Saved::Stale(_)), "{sent:?}");
    put(journal, &mut second, Standing::not_executed(Basis::NotSent)).await;
}

async fn the_same_passengers_are_not_booked_twice_by_accident(journal: &dyn Store) {
    let booking = |reference: &str, key: u8, allow: bool| NewOperation {
        duplicate: Some([7; 32]),
        allow_duplicate: allow,
        ..new(book(reference), key)
    };
    let mut first = accept(journal, booking("A", 1, false)).await;
    assert_eq!(outcome(journal, booking("B", 2, false)).await, "duplicate");
    assert_eq!(outcome(journal, booking("B", 2, true)).await, "accepted");
    put(journal, &mut first, Standing::of(State::Sending)).await;
    put(journal, &mut first, Standing::of(State::Rejected)).await;
    // B is still open.
    assert_eq!(outcome(journal, booking("C", 3, false)).await, "duplicate");
}

async fn law_9_a_save_is_decided_on_the_current_row(journal: &dyn Store) {
    let mut operation = accept(journal, new(pay(1), 1)).await;
    let stale = operation.clone();
    put(journal, &mut operation, Standing::of(State::Sending)).await;
    let saved = journal
        .save(Save {
            operation: Operation {
                standing: Standing::not_executed(Basis::NotSent),
                ..stale
            },
            timeline: vec![entry(State::NotExecuted)],
            events: vec![NewEvent {
                kind: EventKind::OperationSettled,
                subject: operation.id.to_string(),
                fact: "not_executed".into(),
            }],
            proves: Some(proof("T-1", 1)),
            now_ms: 0,
        })
        .await
        .unwrap();
    match saved {
        Saved::Stale(current) => assert_eq!(current.state(), State::Sending),
        other @ (Saved::Done(_) | Saved::Gone) => panic!("{other:?}"),
    }
    // Nothing of the stale save was stored: no timeline entry, no event, no proof.
    assert_eq!(timeline(journal, &operation).await.len(), 2);
    assert!(journal.events(all(0)).await.unwrap().is_empty());
    let proof = journal
        .proof(&account(), LookupKind::OrderByReference)
        .await;
    assert_eq!(proof.unwrap(), None);
}

async fn law_10_one_fact_is_one_event(journal: &dyn Store) {
    for (order, key) in [(1, 1), (2, 2)] {
        let mut operation = accept(journal, new(pay(order), key)).await;
        for _ in 0..2 {
            operation.standing = Standing::of(State::Sending);
            let saved = journal
                .save(Save {
                    operation: operation.clone(),
                    timeline: vec![entry(State::Sending)],
                    events: vec![NewEvent {
                        kind: EventKind::OrderPaid,
                        subject: order.to_string(),
                        fact: "paid".into(),
                    }],
                    proves: Some(proof(&format!("T-{key}"), i64::from(key))),
                    now_ms: 0,
                })
                .await
                .unwrap();
            let Saved::Done(revision) = saved else {
                panic!("{saved:?}");
            };
            operation.revision = revision;
        }
    }
    let events = journal.events(all(0)).await.unwrap();
    let subjects: Vec<_> = events.iter().map(|e| e.subject.as_str()).collect();
    assert_eq!(subjects, ["1", "2"]);
    assert!(events[0].sequence < events[1].sequence);
    let rest = journal.events(all(events[0].sequence)).await.unwrap();
    assert_eq!(rest.len(), 1);
}

async fn law_5_the_last_proof_of_each_lookup_is_kept(journal: &dyn Store) {
    let mut operation = accept(journal, new(pay(1), 1)).await;
    let read = async |account: &str, lookup| {
        let account = account.parse().unwrap();
        journal.proof(&account, lookup).await.unwrap()
    };
    let other = Proof {
        lookup: LookupKind::RefundsOfOrder,
        ..proof("7", 5)
    };
    let answered = |reference| Proof {
        session: None,
        ..proof(reference, 0)
    };
    for proves in [
        answered("T-0"),
        answered("T-1"),
        proof("T-1", 1),
        other.clone(),
        proof("T-2", 9),
        answered("T-3"),
    ] {
        operation.standing = Standing::of(State::Sending);
        let saved = journal
            .save(Save {
                operation: operation.clone(),
                timeline: Vec::new(),
                events: Vec::new(),
                proves: Some(proves),
                now_ms: 0,
            })
            .await
            .unwrap();
        let Saved::Done(revision) = saved else {
            panic!("{saved:?}");
        };
        operation.revision = revision;
    }
    let orders = read("default", LookupKind::OrderByReference).await;
    assert_eq!(orders, Some(proof("T-2", 9)));
    assert_eq!(
        read("default", LookupKind::RefundsOfOrder).await,
        Some(other)
    );
    assert_eq!(read("default", LookupKind::ChangesOfOrder).await, None);
    assert_eq!(read("another", LookupKind::OrderByReference).await, None);
}

async fn due_operations_are_returned_most_overdue_first(journal: &dyn Store) {
    for (order, at) in [(1_u64, 300), (2, 100), (3, 200), (4, 900)] {
        let key = u8::try_from(order).unwrap();
        let mut operation = accept(journal, new(pay(order), key)).await;
        operation.next_look_at = Some(at);
        put(journal, &mut operation, Standing::of(State::Sending)).await;
        put(journal, &mut operation, Standing::of(State::Unknown)).await;
    }
    let due = journal.due(500, 10).await.unwrap();
    let at: Vec<_> = due.iter().filter_map(|o| o.next_look_at).collect();
    assert_eq!(at, [100, 200, 300]);
    assert_eq!(journal.next_due(0).await.unwrap(), Some(100));
    assert_eq!(journal.next_due(100).await.unwrap(), Some(200));
    journal.wake_all(50).await.unwrap();
    assert_eq!(journal.due(50, 10).await.unwrap().len(), 4);
}

async fn law_8_accepted_and_sending_operations_without_updates_are_stale(journal: &dyn Store) {
    // All operations were last updated at 1000, by `boot-1`.
    let accepted = accept(journal, new(pay(1), 1)).await;
    let mut sending = accept(journal, new(pay(2), 2)).await;
    put(journal, &mut sending, Standing::of(State::Sending)).await;
    let mut unknown = accept(journal, new(pay(3), 3)).await;
    put(journal, &mut unknown, Standing::of(State::Sending)).await;
    put(journal, &mut unknown, Standing::of(State::Unknown)).await;
    let stale = async |instance: &str, now: i64, touched_before: i64| {
        let found = journal.stale(instance, now, touched_before).await.unwrap();
        let ids: BTreeSet<_> = found.iter().map(|o| o.id).collect();
        if ids == BTreeSet::from([accepted.id, sending.id]) {
            return "stale";
        }
        assert!(ids.is_empty(), "{found:?}");
        "not stale"
    };
    // An instance's own operations are stale once they were not updated for long enough.
    assert_eq!(stale("boot-1", 2000, 1000).await, "not stale");
    assert_eq!(stale("boot-1", 2000, 1001).await, "stale");
    // The same applies to an instance without a lease, because it may not have acquired one yet.
    assert_eq!(stale("boot-2", 2000, 1000).await, "not stale");
    assert_eq!(stale("boot-2", 2000, 1001).await, "stale");
    // Operations of another instance are stale once its lease has ended and they were not updated
    // for long enough.
    journal.renew("boot-1", 5000).await.unwrap();
    assert_eq!(stale("boot-2", 4999, 1001).await, "not stale");
    assert_eq!(stale("boot-2", 5000, 1000).await, "not stale");
    assert_eq!(stale("boot-2", 5000, 1001).await, "stale");
    journal.renew("boot-1", 9000).await.unwrap();
    assert_eq!(stale("boot-2", 5000, 1001).await, "not stale");
    journal.renew("boot-2", 1).await.unwrap();
    assert_eq!(stale("boot-1", 9000, 1000).await, "not stale");
}

/// All events after this sequence number.
fn all(after: i64) -> EventFilter {
    EventFilter {
        after,
        limit: 20,
        ..EventFilter::default()
    }
}

async fn law_10_an_event_needs_no_operation_and_is_read_by_its_owner(journal: &dyn Store) {
    let mut operation = accept(journal, new(pay(1), 1)).await;
    operation.standing = Standing::of(State::Sending);
    let event = |subject: &str| NewEvent {
        kind: EventKind::OrderPaid,
        subject: subject.to_owned(),
        fact: "paid".to_owned(),
    };
    let save = Save {
        events: vec![event("1")],
        ..Save {
            operation: operation.clone(),
            timeline: vec![entry(State::Sending)],
            events: Vec::new(),
            proves: None,
            now_ms: 0,
        }
    };
    journal.save(save).await.unwrap();
    let at = entry(State::Sending).at.0;
    let publication = |subject: &str, owner: Option<&str>| Publication {
        event: event(subject),
        account: account(),
        owner: owner.map(str::to_owned),
        order: OrderNumbers::default(),
        at,
    };
    let publications = vec![
        publication("2", Some("other")),
        publication("3", None),
        // This event is already in the feed.
        publication("1", Some("other")),
        publication("4", Some("app")),
    ];
    journal.publish(publications).await.unwrap();
    let feed = async |owner: Option<&str>, limit: u32| {
        let filter = EventFilter {
            owner: owner.map(str::to_owned),
            limit,
            ..all(0)
        };
        let found = journal.events(filter).await.unwrap();
        assert!(found.is_sorted_by_key(|event| event.sequence));
        assert!(found.iter().all(|event| event.account == account()));
        let lines = found.into_iter().map(|event| {
            let by = if event.operation_id.is_some() {
                "operation"
            } else {
                "nothing"
            };
            format!("{} {:?} {by}", event.subject, event.owner.as_deref())
        });
        lines.collect::<Vec<_>>()
    };
    let everything = [
        "1 Some(\"app\") operation",
        "2 Some(\"other\") nothing",
        "3 None nothing",
        "4 Some(\"app\") nothing",
    ];
    assert_eq!(feed(None, 10).await, everything);
    assert_eq!(feed(Some("app"), 10).await, [everything[0], everything[3]]);
    assert_eq!(feed(Some("other"), 10).await, [everything[1]]);
    assert_eq!(feed(Some("app"), 1).await, [everything[0]]);
}

async fn a_filter_reads_the_events_that_it_selects(journal: &dyn Store) {
    assert_eq!(journal.last_event().await.unwrap(), 0);
    let mut committed = journal.committed();
    let at = entry(State::Sending).at.0;
    let kinds = [
        EventKind::OrderPaid,
        EventKind::OrderClosed,
        EventKind::ChangeClosed,
    ];
    let mut publications = Vec::new();
    for index in 0..60 {
        publications.push(Publication {
            event: NewEvent {
                kind: kinds[index % 3],
                subject: (index / 3 % 4).to_string(),
                fact: index.to_string(),
            },
            account: account(),
            owner: [None, Some("app"), Some("other")][index / 7 % 3].map(str::to_owned),
            order: OrderNumbers::default(),
            at,
        });
    }
    journal.publish(publications).await.unwrap();
    committed.changed().await.unwrap();
    let everything = EventFilter {
        limit: 200,
        ..all(0)
    };
    let everything = journal.events(everything).await.unwrap();
    assert_eq!(everything.len(), 60);
    let end = journal.last_event().await.unwrap();
    assert_eq!(everything.last().unwrap().sequence, end);
    for owner in [None, Some("app"), Some("other"), Some("nobody")] {
        for subject in [None, Some("0"), Some("2"), Some("9")] {
            for wanted in [
                &kinds[..0],
                &kinds[..1],
                &kinds[..2],
                &kinds[1..],
                &kinds[..],
                // A repeated type selects nothing twice.
                &[kinds[0], kinds[1], kinds[0]],
            ] {
                for (after, limit) in [(0, 200), (everything[20].sequence, 3), (end, 5)] {
                    let filter = EventFilter {
                        after,
                        owner: owner.map(str::to_owned),
                        kinds: wanted.to_vec(),
                        subject: subject.map(str::to_owned),
                        limit,
                    };
                    let expected = everything.iter().filter(|event| filter.selects(event));
                    let expected: Vec<_> = expected.take(limit as usize).cloned().collect();
                    let found = journal.events(filter.clone()).await.unwrap();
                    assert_eq!(found, expected, "{filter:?}");
                }
            }
        }
    }
}

async fn an_order_belongs_to_the_caller_that_booked_it(journal: &dyn Store) {
    let owner = async |order: u64| {
        let order = OrderId::new(order).unwrap();
        journal.owner_of_order(&account(), order).await.unwrap()
    };
    let flights = |departure: &str| vec![format!("CZ8957@{departure}")];
    let Intent::Book(book) = book("T-1") else {
        unreachable!()
    };
    let book = Intent::Book(intent::Book {
        segments: [flights("2030-05-20T08:45"), flights("2030-05-23T18:00")].concat(),
        ..book
    });
    let mut booking = accept(journal, new(book, 1)).await;
    put(journal, &mut booking, Standing::of(State::Sending)).await;
    let mut receipt = OrderReceipt::unread(OrderId::new(7).unwrap());
    receipt.out_order_no = Some("T-1".to_owned());
    booking.result = Some(Receipt::Order(receipt));
    put(journal, &mut booking, Standing::of(State::Unknown)).await;
    assert_eq!(owner(7).await, None);
    put(journal, &mut booking, Standing::of(State::Succeeded)).await;
    let found = owner(7).await.unwrap();
    assert_eq!(found.owner, "app");
    assert_eq!(found.out_order_no.as_str(), "T-1");
    let departure = |found: &Ownership| found.last_departure.unwrap().to_string();
    assert_eq!(departure(&found), "2030-05-23T18:00:00+08:00");
    let reference = "T-1".parse().unwrap();
    let by_reference = journal.owner_of_reference(&account(), &reference).await;
    assert_eq!(by_reference.unwrap(), Some(found));
    let other = "other".parse().unwrap();
    assert_eq!(
        journal
            .owner_of_reference(&other, &reference)
            .await
            .unwrap(),
        None
    );

    for (number, key, departure_then, latest) in [
        ("C-1", 2, "2030-05-25T06:00", "2030-05-25T06:00:00+08:00"),
        ("C-2", 3, "2030-05-24T06:00", "2030-05-25T06:00:00+08:00"),
    ] {
        let Intent::Change(intent) = change(7, number) else {
            unreachable!()
        };
        let targets = flights(departure_then);
        let intent = Intent::Change(intent::Change { targets, ..intent });
        let mut changing = accept(journal, new(intent, key)).await;
        put(journal, &mut changing, Standing::of(State::Sending)).await;
        put(journal, &mut changing, Standing::of(State::Succeeded)).await;
        assert_eq!(departure(&owner(7).await.unwrap()), latest);
    }
    assert_eq!(owner(8).await, None);

    // The response named an order other than the one that was created.
    put(journal, &mut booking, Standing::of(State::NeedsAttention)).await;
    assert!(owner(7).await.is_some());
    let receipt = OrderReceipt::unread(OrderId::new(8).unwrap());
    booking.result = Some(Receipt::Order(receipt));
    put(journal, &mut booking, Standing::of(State::Succeeded)).await;
    assert_eq!(owner(7).await, None);
    assert_eq!(owner(8).await.unwrap().owner, "app");
    put(journal, &mut booking, Standing::of(State::NeedsAttention)).await;
    put(journal, &mut booking, Standing::not_executed(Basis::Absent)).await;
    assert_eq!(owner(8).await, None);
}

async fn a_list_is_paged_newest_first(journal: &dyn Store) {
    let mut ids = Vec::new();
    for order in 1..=5_u64 {
        let key = u8::try_from(order).unwrap();
        ids.push(accept(journal, new(pay(order), key)).await.id);
    }
    // Operations of the same millisecond are ordered by id.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = journal
            .list(Filter {
                caller: Some("app".into()),
                before,
                limit: 2,
                ..Filter::default()
            })
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.iter().map(|o| o.id));
    }
    assert_eq!(seen, ids);
    let of = |filter: Filter| async { journal.list(filter).await.unwrap().len() };
    let limit = 10;
    assert_eq!(
        of(Filter {
            caller: Some("other".into()),
            limit,
            ..Filter::default()
        })
        .await,
        0
    );
    assert_eq!(
        of(Filter {
            subject: Some("3".into()),
            limit,
            ..Filter::default()
        })
        .await,
        1
    );
    assert_eq!(
        of(Filter {
            state: Some(State::Unknown),
            limit,
            ..Filter::default()
        })
        .await,
        0
    );
}

async fn many_writers_share_a_commit_and_each_gets_its_own_result(journal: &dyn Store) {
    // Half of the writers pay the same order; exactly one of these payments is accepted.
    let outcomes = (0..100_u8).map(|i| {
        let order = if i % 2 == 0 { 1 } else { 1000 + u64::from(i) };
        async move { word(&journal.accept(new(pay(order), i)).await.unwrap()) }
    });
    let words = futures::future::join_all(outcomes).await;
    let count = |wanted: &str| words.iter().filter(|w| **w == wanted).count();
    assert_eq!((count("accepted"), count("locked")), (51, 49));
}

#[tokio::test]
async fn a_long_timeline_keeps_its_beginning_and_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let mut operation = accept(&journal, new(pay(1), 1)).await;
    for n in 2..=1_000 {
        operation.standing = Standing::of(State::Unknown);
        let saved = journal.save(Save {
            operation: operation.clone(),
            timeline: vec![TimelineEntry {
                what: format!("line {n}"),
                ..entry(State::Unknown)
            }],
            events: Vec::new(),
            proves: None,
            now_ms: 0,
        });
        match saved.await.unwrap() {
            Saved::Done(revision) => operation.revision = revision,
            other @ (Saved::Stale(_) | Saved::Gone) => panic!("{other:?}"),
        }
    }
    let lines = timeline(&journal, &operation).await;
    assert!((500..600).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines[0].state, State::Accepted);
    assert_eq!(lines[99].what, "line 100");
    assert!(lines[100].what.contains("left out"), "{}", lines[100].what);
    let kept = lines.len() - 101;
    for (line, n) in lines[101..].iter().zip(1_001 - kept..) {
        assert_eq!(line.what, format!("line {n}"));
    }
    assert_eq!(lines.last().unwrap().what, "line 1000");
}

fn waking(now_ms: i64) -> Waking {
    Waking {
        now_ms,
        watch_ms: 1_000,
        anchor: Anchor {
            boot: "boot-1".to_owned(),
            at_ms: 0,
        },
    }
}

const TRADES: &str = "alitrip_flight_TradeNotify";

fn message(id: &str, content: Content) -> NewMessage {
    NewMessage {
        topic: TRADES.to_owned(),
        digest: format!("digest of {id}"),
        user_id: Some(9),
        published_at: None,
        received_at: entry(State::Sending).at.0,
        content,
    }
}

fn notice(id: &str, order_no: &str, news: News) -> NewMessage {
    let notice = Notice {
        id: id.to_owned(),
        order: Some(OrderNumber(order_no.to_owned())),
        news,
    };
    message(
        id,
        Content::Notice {
            account: account(),
            notice,
        },
    )
}

fn quarantined(id: &str, reason: QuarantineReason, named: bool) -> NewMessage {
    message(
        id,
        Content::Quarantined {
            id: named.then(|| id.to_owned()),
            order_no: named.then(|| "7".to_owned()),
            reason,
            members: vec!["id: text".to_owned()],
        },
    )
}

async fn receive(journal: &dyn Store, messages: Vec<NewMessage>) -> Vec<Reception> {
    journal.receive(messages, waking(5_000)).await.unwrap()
}

async fn inbox(journal: &dyn Store) -> Vec<(String, MessageState, i64)> {
    let filter = MessageFilter {
        limit: 10,
        ..MessageFilter::default()
    };
    let messages = journal.messages(filter).await.unwrap();
    let row = |m: StoredMessage| (m.id, m.state, m.deliveries);
    messages.into_iter().map(row).collect()
}

async fn a_message_has_its_effects_once(journal: &dyn Store) {
    let paid = || notice("m-1", "7", News::OrderPaid);
    let first = receive(journal, vec![paid(), paid()]).await;
    assert_eq!(
        first,
        [Reception::Processed { woken: 0 }, Reception::Repeated]
    );
    assert_eq!(receive(journal, vec![paid()]).await, [Reception::Repeated]);
    // The same fact in another message, and the same id in another topic.
    let again = notice("m-2", "7", News::OrderPaid);
    let other_topic = NewMessage {
        topic: "alitrip_flight_PayNotification".to_owned(),
        ..notice("m-1", "8", News::OrderPaid)
    };
    let received = receive(journal, vec![again, other_topic]).await;
    assert_eq!(received, [Reception::Processed { woken: 0 }; 2]);
    let events = journal.events(all(0)).await.unwrap();
    let subjects: Vec<_> = events
        .iter()
        .map(|e| (&*e.subject, e.owner.as_deref()))
        .collect();
    assert_eq!(subjects, [("7", None), ("8", None)]);
    let counts: Vec<_> = inbox(journal)
        .await
        .into_iter()
        .map(|(id, _, n)| (id, n))
        .collect();
    let expected = [("m-1", 1), ("m-2", 1), ("m-1", 3)];
    assert_eq!(counts, expected.map(|(id, n)| (id.to_owned(), n)));
}

async fn law_6_a_message_makes_the_lookups_of_its_order_due(journal: &dyn Store) {
    let mut open = accept(journal, new(pay(7), 1)).await;
    put(journal, &mut open, Standing::of(State::Sending)).await;
    open.next_look_at = Some(90_000);
    put(journal, &mut open, Standing::of(State::Unknown)).await;
    let mut other = accept(journal, new(pay(8), 2)).await;
    put(journal, &mut other, Standing::of(State::Sending)).await;
    other.next_look_at = Some(90_000);
    put(journal, &mut other, Standing::of(State::Unknown)).await;
    let before = open.revision;

    let received = receive(journal, vec![notice("m-1", "7", News::OrderPaid)]).await;
    assert_eq!(received, [Reception::Processed { woken: 1 }]);
    let due = journal.due(5_000, 10).await.unwrap();
    assert_eq!(due.iter().map(|o| o.id).collect::<Vec<_>>(), [open.id]);
    assert_eq!(due[0].revision, before + 1);
    assert_eq!(due[0].state(), State::Unknown);
    // Whoever decided on the row before the message must read it again.
    let stale = saved(journal, &open, Standing::of(State::Succeeded)).await;
    assert!(matches!(stale, Saved::Stale(_)), "{stale:?}");
    // The event belongs to the caller that paid, because the order was not booked here.
    let events = journal.events(all(0)).await.unwrap();
    let paid: Vec<_> = events
        .iter()
        .filter(|e| e.kind == EventKind::OrderPaid)
        .collect();
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0].owner.as_deref(), Some("app"));
}

async fn a_message_in_quarantine_is_processed_once_it_can_be_used(journal: &dyn Store) {
    let foreign = || quarantined("m-1", QuarantineReason::UnknownAccount, true);
    let unreadable = || quarantined("m-2", QuarantineReason::Unreadable, false);
    let received = receive(journal, vec![foreign(), unreadable(), foreign()]).await;
    assert_eq!(received, [Reception::Quarantined; 3]);
    assert_eq!(journal.quarantined().await.unwrap(), 2);
    let rows = inbox(journal).await;
    assert_eq!(
        rows[0],
        ("digest of m-2".to_owned(), MessageState::Quarantined, 1)
    );
    assert_eq!(rows[1], ("m-1".to_owned(), MessageState::Quarantined, 2));
    assert!(journal.events(all(0)).await.unwrap().is_empty());

    let readable = ["m-1", "m-2"].map(|id| notice(id, "7", News::OrderTicketed));
    let received = receive(journal, readable.to_vec()).await;
    assert_eq!(received, [Reception::Processed { woken: 0 }; 2]);
    assert_eq!(journal.quarantined().await.unwrap(), 0);
    let rows = inbox(journal).await;
    assert_eq!(rows[0], ("m-2".to_owned(), MessageState::Processed, 1));
    assert_eq!(rows[1], ("m-1".to_owned(), MessageState::Processed, 3));
    assert_eq!(journal.events(all(0)).await.unwrap().len(), 2);
    // What was processed stays so, even if a later process has lost the account.
    assert_eq!(
        receive(journal, vec![foreign()]).await,
        [Reception::Repeated]
    );
    assert_eq!(journal.quarantined().await.unwrap(), 0);
}

async fn messages_are_listed_newest_first_and_forgotten_by_age(journal: &dyn Store) {
    let read = async |state, before, limit| {
        let filter = MessageFilter {
            state,
            before,
            limit,
        };
        let messages = journal.messages(filter).await.unwrap();
        messages
            .into_iter()
            .map(|m| (m.sequence, m.id))
            .collect::<Vec<_>>()
    };
    let at = |message: NewMessage, ms: i64| NewMessage {
        received_at: jiff::Timestamp::from_millisecond(ms).unwrap(),
        ..message
    };
    for (number, message) in [
        notice("m-1", "7", News::OrderPaid),
        quarantined("m-2", QuarantineReason::UnknownTopic, true),
        notice("m-3", "7", News::OrderTicketed),
    ]
    .into_iter()
    .enumerate()
    {
        receive(
            journal,
            vec![at(message, 1_000 * i64::try_from(number).unwrap())],
        )
        .await;
    }
    let all = read(None, None, 10).await;
    let ids: Vec<_> = all.iter().map(|(_, id)| &**id).collect();
    assert_eq!(ids, ["m-3", "m-2", "m-1"]);
    assert_eq!(read(None, Some(all[0].0), 1).await, [all[1].clone()]);
    let processed = read(Some(MessageState::Processed), None, 10).await;
    assert_eq!(processed, [all[0].clone(), all[2].clone()]);
    let quarantined = read(Some(MessageState::Quarantined), None, 10).await;
    assert_eq!(quarantined, [all[1].clone()]);

    // Another delivery counts as the age.
    receive(
        journal,
        vec![at(notice("m-1", "7", News::OrderPaid), 9_000)],
    )
    .await;
    assert_eq!(journal.forget_messages(2_500, 500).await.unwrap(), 1);
    assert_eq!(read(None, None, 10).await, [all[1].clone(), all[2].clone()]);
    assert_eq!(journal.forget_messages(0, 1_500).await.unwrap(), 1);
    assert_eq!(journal.forget_messages(0, 1_500).await.unwrap(), 0);
    assert_eq!(read(None, None, 10).await, [all[2].clone()]);
}

async fn an_event_names_the_order_that_it_concerns(journal: &dyn Store) {
    let event = |kind, subject: &str| NewEvent {
        kind,
        subject: subject.to_owned(),
        fact: "fact".to_owned(),
    };
    let sent = async |operation: &mut Operation, to: State, event: NewEvent| {
        operation.standing = Standing::of(to);
        let save = Save {
            operation: operation.clone(),
            timeline: vec![entry(to)],
            events: vec![event],
            proves: None,
            now_ms: 0,
        };
        let saved = journal.save(save).await.unwrap();
        let Saved::Done(revision) = saved else {
            panic!("{saved:?}");
        };
        operation.revision = revision;
    };
    let mut booking = accept(journal, new(book("T-1"), 1)).await;
    sent(
        &mut booking,
        State::Sending,
        event(EventKind::OperationUnknown, "book"),
    )
    .await;
    booking.result = Some(Receipt::Order(OrderReceipt::unread("7".parse().unwrap())));
    sent(
        &mut booking,
        State::Succeeded,
        event(EventKind::OrderBooked, "7"),
    )
    .await;
    let mut payment = accept(journal, new(pay(7), 2)).await;
    sent(
        &mut payment,
        State::Sending,
        event(EventKind::OperationUnknown, "pay"),
    )
    .await;
    put(journal, &mut payment, Standing::of(State::Rejected)).await;
    let mut elsewhere = accept(journal, new(pay(8), 3)).await;
    sent(
        &mut elsewhere,
        State::Sending,
        event(EventKind::OperationUnknown, "other"),
    )
    .await;
    let mut change = accept(journal, new(change(7, "C-1"), 4)).await;
    sent(
        &mut change,
        State::Sending,
        event(EventKind::ChangeCreated, "9"),
    )
    .await;
    let pay_change = Intent::ChangePay(intent::ChangePay {
        change_order_no: "9".parse().unwrap(),
        total: Money::parse("50.00").unwrap(),
    });
    let mut change_payment = accept(journal, new(pay_change, 5)).await;
    sent(
        &mut change_payment,
        State::Sending,
        event(EventKind::OperationUnknown, "change"),
    )
    .await;
    receive(
        journal,
        vec![
            notice("m-1", "7", News::OrderTicketed),
            notice("m-2", "T-1", News::FlightChanged),
            notice("m-3", "6", News::OrderTicketed),
            notice("m-4", "T-9", News::OrderTicketed),
        ],
    )
    .await;

    let events = journal.events(all(0)).await.unwrap();
    let found: Vec<_> = events
        .iter()
        .map(|event| {
            let order_id = event.order.order_id.map(|id| id.to_string());
            let out_order_no = event.order.out_order_no.as_ref().map(ToString::to_string);
            (
                &*event.subject,
                order_id.unwrap_or_default(),
                out_order_no.unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("book", "", "T-1"),
        ("7", "7", "T-1"),
        ("pay", "7", "T-1"),
        ("other", "8", ""),
        ("9", "7", "T-1"),
        ("change", "7", "T-1"),
        ("7", "7", "T-1"),
        ("7", "7", "T-1"),
        ("7", "7", "T-1"),
        ("6", "6", ""),
        ("6", "6", ""),
        ("T-9", "", "T-9"),
        ("T-9", "", "T-9"),
    ];
    assert_eq!(
        found,
        expected.map(|(s, id, no)| (s, id.to_owned(), no.to_owned()))
    );
}

async fn the_oldest_events_are_trimmed_and_positions_stay(journal: &dyn Store) {
    assert_eq!(journal.trimmed_events().await.unwrap(), 0);
    assert_eq!(journal.trim_events(i64::MAX).await.unwrap(), 0);
    let at = |ms| jiff::Timestamp::from_millisecond(ms).unwrap();
    let publication = |index: i64, ms: i64| Publication {
        event: NewEvent {
            kind: EventKind::OrderPaid,
            subject: index.to_string(),
            fact: "paid".to_owned(),
        },
        account: account(),
        owner: None,
        order: OrderNumbers::default(),
        at: at(ms),
    };
    // The clock was set back before the last one.
    let publications = [(1, 1_000), (2, 2_000), (3, 3_000), (4, 1_000)];
    let publications = publications.map(|(index, ms)| publication(index, ms));
    journal.publish(publications.to_vec()).await.unwrap();
    let first = journal.events(all(0)).await.unwrap()[0].sequence;
    assert_eq!(journal.trim_events(1_000).await.unwrap(), 0);
    assert_eq!(journal.trim_events(2_500).await.unwrap(), 2);
    assert_eq!(journal.trim_events(2_500).await.unwrap(), 0);
    assert_eq!(journal.trimmed_events().await.unwrap(), first + 1);
    let subjects = async || {
        let events = journal.events(all(0)).await.unwrap();
        events
            .into_iter()
            .map(|event| event.subject)
            .collect::<Vec<_>>()
    };
    assert_eq!(subjects().await, ["3", "4"]);
    assert_eq!(journal.trim_events(9_000).await.unwrap(), 2);
    // The position of the next event is not used again.
    let last = journal.last_event().await.unwrap();
    assert_eq!(last, first + 3);
    journal.publish(vec![publication(5, 5_000)]).await.unwrap();
    assert_eq!(journal.trimmed_events().await.unwrap(), last);
}
