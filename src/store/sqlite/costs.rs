//! The cost of the journal's statements as the history grows, counted in instructions of SQLite's virtual machine,
//! which do not depend on the speed of the host.

mod webhooks;

use crate::domain::notice::{News, Notice, OrderNumber};
use crate::domain::operation::{
    Anchor, Basis, EventKind, Intent, Kind, LookupKind, NewEvent, OrderNumbers, Proof, Receipt,
    SessionTag, Standing, State, Subject, TimelineEntry, intent,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use tokio::sync::oneshot;

use super::writer::{Command, Done, transaction};
use std::str::FromStr as _;

use super::*;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::ids::{OperationId, OrderId};
use crate::domain::order::{OrderReceipt, OrderStatus};
use crate::domain::resource::{Resource, ResourceStatus, Snapshot};
use crate::domain::sealed::Sealed;
use crate::domain::session::{ExpiryBasis, StoredSession};
use crate::store::{
    Attachments as _, Content, DueOrder, EventFilter, Feed as _, Filter, Inbox as _, Journal as _,
    MessageFilter, MessageState, NewMessage, NewOperation, Observed, Owners as _, Publication,
    Relations as _, Resources as _, Save, SavedSession, Schedule as _, Sessions as _, Waking,
    Webhooks as _,
};

/// A history of this many operations: half are succeeded payments of `app`, half are rejected bookings of `other`, and
/// the oldest few have another kind and state. None is due or open.
const FILL: &str = r#"
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1),
past AS (
    SELECT i, i % 2 = 0 AS booked, i < 9 AS rare FROM n
)
INSERT INTO operations (id, revision, version, kind, state, basis, account, caller, subject, lock_base, done_key,
    fingerprint, boot, touched_ms, intent, created_at, settled_at, claim, findings, contradicted, made)
SELECT printf('01800000-%04x-7%03x-8000-%012x', i >> 12, i & 4095, i), 3, 3,
    CASE WHEN rare THEN 'close' WHEN booked THEN 'book' ELSE 'pay' END,
    CASE WHEN rare THEN 'not_executed' WHEN booked THEN 'rejected' ELSE 'succeeded' END,
    CASE WHEN rare THEN 'refused_by_gateway' END,
    'default', iif(booked, 'other', 'app'), i, 'order:default:' || i,
    iif(booked OR rare, NULL, 'pay:order:default:' || i),
    x'00', 'boot', i, '{"kind":"pay","order_id":"' || i || '","total":"950.00"}', i, i, 'done',
    '{"looks":0,"absent":0,"agreeing":0,"absent_ms":0,"looked_ms":0,"anchor":null,"absent_anchor":null,"last":null}',
    0, 'pay:default:' || i
FROM past"#;

const FILL_TIMELINE: &str = "INSERT INTO timeline (operation_id, seq, at, state, what) \
    SELECT id, seq, 0, state, 'x' FROM operations, \
    (SELECT 8 AS seq UNION ALL SELECT 16 UNION ALL SELECT 24)";

const FILL_EVENTS: &str = "INSERT INTO events (kind, subject, fact, account, owner, operation_id, at) \
    SELECT 'operation.settled', id, 'succeeded', account, caller, id, 0 FROM operations";

const FILL_ORDERS: &str = "INSERT INTO orders (account, order_id, out_order_no, owner, booked_at, operation_id) \
    SELECT account, rowid, id, caller, 0, id FROM operations";

const FILL_ATTACHMENTS: &str = "INSERT INTO attachments (id, account, order_id, file_id, at) \
    SELECT randomblob(32), 'default', subject, 'file', 0 FROM operations";

const FILL_INBOX: &str = "INSERT INTO inbox (topic, id, state, received_at, delivered_at, deliveries) \
    SELECT 'alitrip_flight_TradeNotify', id, 'processed', 10, 10, 1 FROM operations";

const FILL_RESOURCES: &str = "INSERT INTO resources (account, kind, number, order_id, owner, told, finished, changed_at, next_read_at) \
    SELECT account, 'order', rowid, rowid, caller, '[]', rowid % 2, 0, iif(rowid < 9, 1000, NULL) FROM operations";

/// More sessions than there are accounts: the search for one account or user must not read them all.
const FILL_SESSIONS: &str = "INSERT INTO sessions (account, revision, tag, user_id, authorised_at, expires_at, expiry) \
    SELECT 'a-' || rowid, 1, 'tag', rowid, 0, 0, 'estimated' FROM operations";

fn settings(dir: &Path) -> SqliteSettings {
    SqliteSettings {
        path: dir.join("journal.db"),
        read_connections: 1,
        queue: 16,
        hash_key: None,
        rereads: Rereads::default(),
    }
}

/// A connection to a journal with this many operations.
async fn filled(dir: &Path, rows: i64) -> SqliteConnection {
    SqliteJournal::open(&settings(dir))
        .await
        .unwrap()
        .close()
        .await;
    let url = format!("sqlite://{}", dir.join("journal.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    for statement in [
        FILL,
        FILL_TIMELINE,
        FILL_EVENTS,
        FILL_ORDERS,
        FILL_ATTACHMENTS,
        FILL_INBOX,
        FILL_RESOURCES,
        FILL_SESSIONS,
    ] {
        let mut query = sqlx::query(statement);
        if statement == FILL {
            query = query.bind(rows);
        }
        query.execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql(webhooks::FILL)
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// Counts the instructions that a connection executes.
async fn counted(connection: &mut SqliteConnection) -> Arc<AtomicU64> {
    let steps = Arc::new(AtomicU64::new(0));
    let count = steps.clone();
    let mut handle = connection.lock_handle().await.unwrap();
    handle.set_progress_handler(1, move || {
        count.fetch_add(1, Ordering::Relaxed);
        true
    });
    steps
}

fn every<T: Copy>(all: &[T]) -> impl Iterator<Item = Option<T>> {
    std::iter::once(None).chain(all.iter().copied().map(Some))
}

/// All combinations of filters, with values that match many, few and no operations.
fn filters() -> Vec<Filter> {
    let middle = OperationId::from_str("01800000-0000-7010-8000-000000000010").unwrap();
    let mut filters = Vec::new();
    for caller in [None, Some("app"), Some("other"), Some("nobody")] {
        for state in every(&State::ALL) {
            for kind in every(&Kind::ALL) {
                for (subject, about) in [
                    (None, None),
                    (Some("7"), None),
                    (Some("none"), None),
                    (None, Some("7")),
                    (None, Some("8")),
                ] {
                    for before in [None, Some(middle)] {
                        filters.push(Filter {
                            caller: caller.map(str::to_owned),
                            state,
                            kind,
                            subject: subject.map(str::to_owned),
                            about: about.map(|order| {
                                let order = Subject::Order(order.parse().unwrap());
                                ("default".parse().unwrap(), order)
                            }),
                            before,
                            limit: 5,
                        });
                    }
                }
            }
        }
    }
    filters
}

fn an_operation(order: u64) -> Operation {
    let clock = SystemClock::new();
    let intent = Intent::Pay(intent::Pay {
        order_id: order.to_string().parse().unwrap(),
        total: crate::domain::money::Money::parse("950.00").unwrap(),
    });
    Operation::accepted(
        OperationId::new(&clock),
        intent,
        "default".parse().unwrap(),
        "app".to_owned(),
        "boot".to_owned(),
        1,
        clock.wall(),
    )
}

fn a_line(state: State) -> TimelineEntry {
    TimelineEntry {
        at: crate::domain::time::Rfc3339(SystemClock::new().wall()),
        state,
        what: "x".to_owned(),
    }
}

fn a_save(operation: &Operation, revision: i64, standing: Standing) -> Command {
    let (answer, _) = oneshot::channel();
    let save = Save {
        operation: Operation {
            revision,
            standing,
            ..operation.clone()
        },
        timeline: vec![a_line(standing.state)],
        events: Vec::new(),
        proves: Some(Proof {
            lookup: LookupKind::OrderByReference,
            key: "T-1".to_owned(),
            session: Some(SessionTag::from_store("a session".to_owned())),
            at_ms: 1,
        }),
        now_ms: 0,
    };
    Command::Save(Box::new(save), answer)
}

fn a_booking() -> Operation {
    let order_id: OrderId = "1000001".parse().unwrap();
    let intent = Intent::Book(intent::Book {
        out_order_no: "T-1".parse().unwrap(),
        total: crate::domain::money::Money::parse("950.00").unwrap(),
        segments: vec!["CZ8957@2030-05-20T08:45".to_owned()],
        passengers: Vec::new(),
        rules: None,
    });
    Operation {
        id: OperationId::new(&SystemClock::new()),
        intent,
        result: Some(Receipt::Order(OrderReceipt::unread(order_id))),
        ..an_operation(1)
    }
}

fn a_publication() -> Publication {
    Publication {
        event: NewEvent {
            kind: EventKind::OrderPaid,
            subject: "1000001".to_owned(),
            fact: "paid".to_owned(),
        },
        account: "default".parse().unwrap(),
        owner: Some("app".to_owned()),
        order: OrderNumbers::default(),
        at: SystemClock::new().wall(),
    }
}

fn a_message(order: &str, news: News) -> Command {
    let (answer, _) = oneshot::channel();
    let message = NewMessage {
        topic: "alitrip_flight_TradeNotify".to_owned(),
        digest: "digest".to_owned(),
        user_id: Some(1),
        published_at: None,
        received_at: SystemClock::new().wall(),
        content: Content::Notice {
            account: "default".parse().unwrap(),
            notice: Notice {
                id: "m-1".to_owned(),
                order: Some(OrderNumber(order.to_owned())),
                news,
            },
        },
    };
    let waking = Waking {
        now_ms: 1_000,
        watch_ms: 1_000,
        anchor: Anchor {
            boot: "boot".to_owned(),
            at_ms: 1,
        },
    };
    Command::Receive(vec![message], Box::new(waking), answer)
}

fn an_acceptance(operation: Operation, key: u8) -> Command {
    let (answer, _) = oneshot::channel();
    let new = NewOperation {
        operation,
        idempotency: [key; 32],
        fingerprint: [key; 32],
        duplicate: Some([key; 32]),
        allow_duplicate: false,
        timeline: a_line(State::Accepted),
    };
    Command::Accept(Box::new(new), answer)
}

/// A session of this account and Taobao user.
fn a_session(account: &str, revision: i64, user: i64) -> Command {
    let (answer, _) = oneshot::channel();
    let now = SystemClock::new().wall();
    let session = StoredSession {
        account: account.parse().unwrap(),
        revision,
        tag: SessionTag::from_store("tag".to_owned()),
        sealed: Some(Sealed(vec![1; 256])),
        configured: None,
        user_id: Some(user),
        authorised_at: now,
        expires_at: now,
        expiry: ExpiryBasis::Stated,
        refreshable_until: Some(now),
    };
    Command::SaveSession(Box::new(session), answer)
}

/// The cost of each read of the journal.
async fn reads(dir: &Path) -> Vec<(String, u64)> {
    let journal = SqliteJournal::open(&settings(dir)).await.unwrap();
    let steps = counted(&mut journal.readers.acquire().await.unwrap()).await;
    let mut costs = Vec::new();
    macro_rules! cost {
        ($name:expr, $read:expr) => {{
            steps.store(0, Ordering::Relaxed);
            let _ = $read.await.unwrap();
            costs.push(($name, steps.load(Ordering::Relaxed)));
        }};
    }
    for filter in filters() {
        cost!(format!("{filter:?}"), journal.list(filter.clone()));
    }
    let id = OperationId::from_str("01800000-0000-7007-8000-000000000007").unwrap();
    let operation = journal.get(id).await.unwrap().unwrap();
    let account = &operation.account;
    let order = "7".parse().unwrap();
    cost!("get".to_owned(), journal.get(id));
    cost!("with_timeline".to_owned(), journal.with_timeline(id));
    cost!("known".to_owned(), journal.known([1; 32]));
    cost!("due".to_owned(), journal.due(1_000, 128));
    cost!("next_due".to_owned(), journal.next_due(1_000));
    cost!("stale".to_owned(), journal.stale("another", 0, i64::MAX));
    cost!("open_counts".to_owned(), journal.open_counts());
    cost!("prune".to_owned(), journal.prune(1_000));
    cost!("later_ones".to_owned(), journal.later_ones(&operation));
    cost!("earlier_ones".to_owned(), journal.earlier_ones(&operation));
    cost!(
        "after_sales".to_owned(),
        journal.has_after_sales(account, order)
    );
    cost!(
        "makers".to_owned(),
        journal.makers(account, Kind::Pay, &[1, 7])
    );
    cost!(
        "proof".to_owned(),
        journal.proof(account, LookupKind::OrderByReference)
    );
    let events = |after, owner: Option<&str>| EventFilter {
        after,
        owner: owner.map(str::to_owned),
        limit: 5,
        ..EventFilter::default()
    };
    cost!("events".to_owned(), journal.events(events(0, None)));
    cost!(
        "events of one".to_owned(),
        journal.events(events(0, Some("nobody")))
    );
    for owner in [None, Some("app"), Some("nobody")] {
        for subject in [None, Some("nothing".to_owned())] {
            // One type that all events have, and two that none has.
            let kinds = vec![
                EventKind::OperationSettled,
                EventKind::OrderClosed,
                EventKind::ChangeClosed,
            ];
            for kinds in [kinds[1..].to_vec(), kinds] {
                let filter = EventFilter {
                    kinds,
                    subject: subject.clone(),
                    ..events(0, owner)
                };
                cost!(format!("events {filter:?}"), journal.events(filter.clone()));
            }
        }
    }
    cost!("last_event".to_owned(), journal.last_event());
    cost!("trimmed_events".to_owned(), journal.trimmed_events());
    cost!("trim_events".to_owned(), journal.trim_events(0));
    for state in [
        None,
        Some(MessageState::Processed),
        Some(MessageState::Quarantined),
    ] {
        for before in [None, Some(10)] {
            let filter = MessageFilter {
                state,
                before,
                limit: 5,
            };
            cost!(format!("messages {filter:?}"), journal.messages(filter));
        }
    }
    cost!("quarantined".to_owned(), journal.quarantined());
    cost!("due_resources".to_owned(), journal.due_resources(2_000, 5));
    cost!(
        "observe".to_owned(),
        journal.observe(vec![a_read(OrderStatus::Booked)])
    );
    cost!("owner".to_owned(), journal.owner_of_order(account, order));
    let reference = "T-1".parse().unwrap();
    cost!(
        "owner by reference".to_owned(),
        journal.owner_of_reference(account, &reference)
    );
    cost!(
        "events at the end".to_owned(),
        journal.events(events(i64::MAX / 2, None))
    );
    cost!("attachment".to_owned(), journal.attachment([1; 32]));
    cost!(
        "has_attachment".to_owned(),
        journal.has_attachment(account, order)
    );
    let of_session = "a-7".parse().unwrap();
    cost!("session".to_owned(), journal.session(&of_session));
    let now = jiff::Timestamp::UNIX_EPOCH;
    for id in webhooks::ids() {
        cost!(format!("webhook {id}"), journal.webhook(id));
        for order in [DueOrder::Longest, DueOrder::Untried] {
            cost!(
                format!("due {id} {order:?}"),
                journal.due_deliveries(id, now, order, 5)
            );
        }
        cost!(format!("next {id}"), journal.next_delivery(id, now));
        cost!(format!("oldest {id}"), journal.oldest_pending(id));
    }
    for filter in webhooks::webhook_filters() {
        cost!(format!("{filter:?}"), journal.webhooks(filter.clone()));
    }
    let (deliveries, attempts) = webhooks::lists();
    for filter in deliveries {
        cost!(format!("{filter:?}"), journal.deliveries(filter));
    }
    for filter in attempts {
        cost!(format!("{filter:?}"), journal.attempts(filter));
    }
    cost!("forget".to_owned(), journal.forget_deliveries(now));
    journal.close().await;
    costs
}

/// What a read of the order 7 shows, for which the watcher made it.
fn a_read(status: OrderStatus) -> Observed {
    let order_id: OrderId = "7".parse().unwrap();
    let resource = Resource::Order(order_id);
    let paid = status == OrderStatus::Ticketed;
    Observed {
        account: "default".parse().unwrap(),
        snapshots: vec![Snapshot {
            resource,
            order_id: Some(order_id),
            status: ResourceStatus::Order { status, paid },
        }],
        reread: paid.then_some(resource),
        at: SystemClock::new().wall(),
        now_ms: 5_000,
    }
}

/// The cost of each change.
async fn writes(connection: &mut SqliteConnection) -> Vec<(String, u64)> {
    let operation = an_operation(1_000_000);
    let (waking, _) = oneshot::channel();
    let (pruning, _) = oneshot::channel();
    let (probing, _) = oneshot::channel();
    let (renewing, _) = oneshot::channel();
    let (publishing, _) = oneshot::channel();
    let (forgetting, _) = oneshot::channel();
    let (trimming, _) = oneshot::channel();
    let (observing, _) = oneshot::channel();
    let booking = a_booking();
    let sending = Standing::of(State::Sending);
    let unsent = Standing::not_executed(Basis::NotSent);
    let commands = [
        ("accept", an_acceptance(operation.clone(), 1)),
        ("send", a_save(&operation, 1, sending)),
        (
            "settle",
            a_save(&operation, 2, Standing::of(State::Succeeded)),
        ),
        ("refuse", an_acceptance(an_operation(9), 2)),
        ("stale", a_save(&operation, 1, unsent)),
        ("wake_all", Command::WakeAll(1_000, waking)),
        ("prune", Command::Prune(1_000, pruning)),
        ("probe", Command::Probe(probing)),
        ("accept a booking", an_acceptance(booking.clone(), 3)),
        (
            "settle a booking",
            a_save(&booking, 1, Standing::of(State::Succeeded)),
        ),
        ("settle a booking again", a_save(&booking, 2, unsent)),
        ("renew", Command::Renew("boot".to_owned(), 1_000, renewing)),
        (
            "publish",
            Command::Publish(vec![a_publication()], publishing),
        ),
        // Of a booked order, whose operation is rejected and therefore looked up again.
        ("receive", a_message("8", News::OrderTicketed)),
        ("receive again", a_message("8", News::OrderTicketed)),
        (
            "forget messages",
            Command::ForgetMessages([5, 5], forgetting),
        ),
        ("trim events", Command::TrimEvents(0, trimming)),
        (
            "observe",
            Command::Observe(vec![a_read(OrderStatus::Ticketed)], observing),
        ),
        ("insert a session", a_session("default", 0, 1_000_000)),
        ("update a session", a_session("a-7", 1, 7)),
        ("refuse a stale session", a_session("a-7", 1, 7)),
        ("refuse a session of a user", a_session("a-7", 2, 8)),
        ("refuse a user of a session", a_session("b", 0, 8)),
    ];
    let last: i64 = sqlx::query_scalar("SELECT max(seq) FROM events")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let of_webhooks = webhooks::commands(last);
    let steps = counted(connection).await;
    let mut costs = Vec::new();
    for (name, command) in of_webhooks.into_iter().chain(commands) {
        steps.store(0, Ordering::Relaxed);
        let done = transaction(connection, &[command], Rereads::default())
            .await
            .unwrap();
        let is_refused = matches!(&done[..], [Done::Changed(false)]);
        assert_eq!(is_refused, name == "refuse an attempt", "{name}");
        if let [Done::SaveSession(saved)] = &done[..] {
            let is_done = matches!(saved, SavedSession::Done(_));
            assert_eq!(is_done, !name.starts_with("refuse"), "{name}");
        }
        costs.push((name.to_owned(), steps.load(Ordering::Relaxed)));
    }
    costs
}

#[tokio::test]
async fn no_statement_costs_more_in_a_longer_history() {
    let mut all = Vec::new();
    for rows in [500, 10_000] {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = filled(dir.path(), rows).await;
        let mut costs = writes(&mut connection).await;
        connection.close().await.unwrap();
        costs.extend(reads(dir.path()).await);
        all.push(costs);
    }
    let (short, long) = (&all[0], &all[1]);
    assert!(short.len() > 1_500);
    let costlier: Vec<_> = short
        .iter()
        .zip(long)
        .filter(|((_, before), (_, after))| *after > before + before / 4 + 50)
        .map(|((name, before), (_, after))| format!("{name}: {before} to {after}"))
        .collect();
    assert!(
        costlier.is_empty(),
        "{} cost more in a longer history:\n{}",
        costlier.len(),
        costlier.join("\n")
    );
    let costliest = long.iter().max_by_key(|(_, cost)| *cost).unwrap();
    assert!(costliest.1 < 3_000, "{costliest:?}");
}

#[tokio::test]
async fn a_list_uses_an_index_for_all_its_filters_and_sorts_nothing() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(open::SCHEMA)
        .execute(&mut connection)
        .await
        .unwrap();
    for filter in filters() {
        let sql = list::query(&filter).sql().as_str().to_owned();
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        for line in &plan {
            let line: String = line.get("detail");
            assert!(!line.contains("TEMP B-TREE"), "{filter:?}: {line}");
            if !line.starts_with("SEARCH") && !line.starts_with("SCAN") {
                continue;
            }
            let searched = |column: &str| line.contains(&format!("{column}=?"));
            let about_one = filter.subject.is_some() || filter.about.is_some();
            let uses_all_filters = if about_one {
                searched("subject")
            } else {
                (filter.caller.is_none() || searched("caller"))
                    && (filter.state.is_none() || searched("state"))
                    && (filter.kind.is_none() || searched("kind"))
            };
            let is_unfiltered = filter.caller.is_none()
                && filter.state.is_none()
                && filter.kind.is_none()
                && !about_one;
            assert!(uses_all_filters, "{filter:?}: {line}");
            assert!(line.contains("INDEX"), "{filter:?}: {line}");
            assert!(
                line.starts_with("SEARCH") || is_unfiltered,
                "{filter:?}: {line}"
            );
            assert!(
                filter.before.is_none() || line.contains("id<?"),
                "{filter:?}: {line}"
            );
        }
    }
}
