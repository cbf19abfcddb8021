use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::operation::{EventKind, NewEvent, OrderNumbers};
use crate::store::sqlite::{SqliteJournal, SqliteSettings};
use crate::store::{Feed as _, Publication, Rereads};

fn event(sequence: i64, owner: &str, kind: EventKind, subject: &str) -> Event {
    Event {
        sequence,
        kind,
        subject: subject.to_owned(),
        fact: "fact".to_owned(),
        account: "default".parse().unwrap(),
        owner: Some(owner.to_owned()),
        order: OrderNumbers::default(),
        operation_id: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn sequences(page: &Page) -> Vec<i64> {
    page.events.iter().map(|event| event.sequence).collect()
}

fn of(owner: &str, after: i64) -> EventFilter {
    EventFilter {
        after,
        owner: Some(owner.to_owned()),
        limit: 2,
        ..EventFilter::default()
    }
}

#[test]
fn a_page_that_is_not_full_ends_at_the_end_of_the_feed() {
    let mut tail = Tail {
        begin: Some(10),
        end: 10,
        ..Tail::default()
    };
    assert_eq!(
        tail.page(&of("a", 10)),
        Some(Page {
            events: Vec::new(),
            next_after: 10
        })
    );
    let paid = |sequence, owner| event(sequence, owner, EventKind::OrderPaid, "1");
    tail.add(vec![
        paid(11, "a"),
        paid(13, "b"),
        paid(14, "a"),
        paid(15, "a"),
        paid(16, "b"),
    ]);
    for (owner, after, found, next_after) in [
        ("a", 10, vec![11, 14], 14),
        ("a", 14, vec![15], 16),
        ("b", 10, vec![13, 16], 16),
        // The position 12 was not used.
        ("a", 12, vec![14, 15], 15),
        ("c", 10, vec![], 16),
        // A position that the feed has not reached stays where it is.
        ("a", 99, vec![], 99),
    ] {
        let page = tail.page(&of(owner, after)).unwrap();
        assert_eq!(
            (sequences(&page), page.next_after),
            (found, next_after),
            "{owner} {after}"
        );
    }
    // Older events are in the store only.
    assert_eq!(tail.page(&of("a", 9)), None);
}

#[test]
fn the_oldest_events_leave_the_memory() {
    let mut tail = Tail {
        begin: Some(0),
        ..Tail::default()
    };
    let count = i64::try_from(KEPT).unwrap() + 5;
    let events = (1..=count).map(|sequence| event(sequence, "a", EventKind::OrderPaid, "1"));
    tail.add(events.collect());
    assert_eq!(tail.events.len(), KEPT);
    assert_eq!(tail.page(&of("a", 4)), None);
    assert_eq!(sequences(&tail.page(&of("a", 5)).unwrap()), [6, 7]);
}

proptest! {
    /// Whatever the filter, following `next_after` reads each selected event once.
    #[test]
    fn pages_of_the_memory_read_each_selected_event_once(
        steps in prop::collection::vec((1..3_i64, 0..3_usize, 0..3_usize, 0..3_usize), 0..40),
        owner in prop::option::of(0..3_usize),
        kinds in prop::collection::vec(0..3_usize, 0..3),
        subject in prop::option::of(0..3_usize),
        limit in 1..5_u32,
    ) {
        let word = |index: usize| ["x", "y", "z"][index].to_owned();
        let mut sequence = 0;
        let events: Vec<Event> = steps
            .into_iter()
            .map(|(step, owner, kind, subject)| {
                sequence += step;
                event(sequence, &word(owner), EventKind::ALL[kind], &word(subject))
            })
            .collect();
        let mut tail = Tail { begin: Some(0), ..Tail::default() };
        tail.add(events.clone());
        let mut filter = EventFilter {
            after: 0,
            owner: owner.map(word),
            kinds: kinds.into_iter().map(|kind| EventKind::ALL[kind]).collect(),
            subject: subject.map(word),
            limit,
        };
        let expected: Vec<i64> = events
            .iter()
            .filter(|event| filter.selects(event))
            .map(|event| event.sequence)
            .collect();
        let mut found = Vec::new();
        loop {
            let page = tail.page(&filter).unwrap();
            let is_last = page.events.len() < usize::try_from(limit).unwrap();
            found.extend(sequences(&page));
            prop_assert!(page.next_after >= filter.after);
            filter.after = page.next_after;
            if is_last {
                break;
            }
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(filter.after, sequence);
    }
}

async fn store(dir: &Path) -> Arc<SqliteJournal> {
    let settings = SqliteSettings {
        path: dir.join("journal.db"),
        read_connections: 2,
        queue: 16,
        hash_key: None,
        rereads: Rereads::default(),
    };
    Arc::new(SqliteJournal::open(&settings).await.unwrap())
}

async fn publish(store: &SqliteJournal, owner: &str, fact: &str) {
    let publication = Publication {
        event: NewEvent {
            kind: EventKind::OrderPaid,
            subject: "1".to_owned(),
            fact: fact.to_owned(),
        },
        account: "default".parse().unwrap(),
        owner: Some(owner.to_owned()),
        order: OrderNumbers::default(),
        at: Timestamp::UNIX_EPOCH,
    };
    store.publish(vec![publication]).await.unwrap();
}

/// Long enough that a test never waits for it.
const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_listener_hears_of_an_event_that_is_committed_while_it_waits() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    publish(&store, "a", "before").await;
    let stopping = CancellationToken::new();
    let reader = EventReader::new(store.clone(), stopping.clone());
    let following = tokio::spawn(reader.clone().follow());
    let listeners: Vec<_> = (0..20)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move { reader.next(of("a", 1), LONG).await.unwrap() })
        })
        .collect();
    // An event of another caller ends no wait.
    publish(&store, "b", "other").await;
    publish(&store, "a", "now").await;
    for listener in listeners {
        let page = listener.await.unwrap();
        assert_eq!(page.events[0].fact, "now");
        assert_eq!(page.next_after, 3);
    }
    // A listener that is behind reads the store.
    let page = reader.next(of("a", 0), LONG).await.unwrap();
    assert_eq!(sequences(&page), [1, 3]);

    let waiting = tokio::spawn({
        let reader = reader.clone();
        async move { reader.next(of("a", 3), LONG).await.unwrap() }
    });
    stopping.cancel();
    assert_eq!(waiting.await.unwrap().events, []);
    following.await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_page_contains_what_was_committed_before_even_if_the_follower_lags() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let reader = EventReader::new(store.clone(), CancellationToken::new());
    reader.catch_up(0).await.unwrap();
    for (fact, end) in [("1", 1), ("2", 2)] {
        publish(&store, "a", fact).await;
        let page = reader.page(&of("a", 0)).await.unwrap();
        assert_eq!((page.events.len(), page.next_after), (end as usize, end));
    }
    let commit = *reader.committed.borrow();
    reader.catch_up(commit).await.unwrap();
    assert_eq!(reader.tail().commit, commit);
    assert_eq!(sequences(&reader.page(&of("a", 1)).await.unwrap()), [2]);
    // A position from before a backup was restored.
    let page = reader.page(&of("a", 500)).await.unwrap();
    assert_eq!(
        page,
        Page {
            events: Vec::new(),
            next_after: 2
        }
    );
    store.close().await;
}

#[tokio::test]
async fn a_commit_before_the_first_read_of_the_follower_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let stopping = CancellationToken::new();
    let reader = EventReader::new(store.clone(), stopping.clone());
    let mut waiting = Box::pin(reader.next(of("a", 0), LONG));
    // Reads the empty store, and waits.
    let polled = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(polled.is_err(), "there is no event yet");
    publish(&store, "a", "early").await;
    tokio::spawn(reader.clone().follow());
    assert_eq!(waiting.await.unwrap().events[0].fact, "early");
    stopping.cancel();
    store.close().await;
}
