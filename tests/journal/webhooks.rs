//! Webhooks: which deliveries are attempted, in which order, and how long they and their events are kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fliggy_gateway::domain::ids::WebhookId;
use fliggy_gateway::domain::sealed::Sealed;
use fliggy_gateway::domain::webhook::{
    Attempt, AttemptResult, Delivery, DeliveryState, Outcome, Replay, Retries, Webhook,
    WebhookState,
};
use fliggy_gateway::store::{
    AttemptFilter, Attempted, Creation, DeliveryFilter, DueOrder, Enqueue, Progress, SavedWebhook,
    StoredAttempt, WebhookFilter, Webhooks as _,
};
use jiff::Timestamp;

use super::*;

mod random;

on_every_store! {
    a_webhook_is_read_as_it_was_written,
    an_owner_has_one_webhook_per_address_and_a_limited_number,
    a_change_of_a_webhook_is_decided_on_its_current_revision,
    a_change_does_not_undo_the_end_of_a_replay_or_the_record_of_a_failure,
    events_that_were_selected_for_an_earlier_version_are_not_added,
    webhooks_are_listed_oldest_first,
    events_are_enqueued_once_and_only_from_the_current_place,
    an_event_that_was_deleted_is_not_enqueued,
    only_the_first_pending_delivery_about_a_subject_is_due,
    the_next_delivery_about_a_subject_follows_a_dead_one,
    an_ended_delivery_that_is_repeated_comes_before_later_ones,
    an_attempt_that_was_overtaken_by_an_earlier_delivery_waits_for_it,
    an_outdated_attempt_is_not_recorded,
    attempts_are_listed_newest_first,
    a_dead_delivery_is_told_to_the_owner_once,
    a_dead_delivery_of_a_webhook_event_is_not_told,
    a_webhook_that_is_gone_is_paused_and_resumed,
    a_result_is_recorded_although_the_webhook_was_paused,
    deliveries_that_failed_are_due_once_the_endpoint_works_again,
    events_are_kept_until_every_webhook_has_them,
    events_whose_delivery_was_given_up_are_kept,
    an_open_replay_keeps_its_events,
    a_dead_delivery_is_repeated_after_its_event_was_trimmed,
    a_moved_event_is_delivered_anew,
    a_deleted_webhook_frees_its_address_and_its_events,
    many_dead_deliveries_do_not_stall_the_trimming,
}

/// A time of the journal: ms after the beginning of 2030.
pub(super) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_893_456_000_000 + ms).unwrap()
}

/// No positions.
const NOTHING: [i64; 0] = [];

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// Each id is greater than the one before, also within a millisecond.
fn next_id() -> WebhookId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let id = format!("01900000-0000-7000-8000-{number:012x}");
    id.parse().unwrap()
}

fn webhook(owner: &str, url: &str) -> Webhook {
    Webhook {
        id: next_id(),
        revision: 1,
        version: 1,
        owner: owner.to_owned(),
        all_callers: false,
        url: url.to_owned(),
        types: Vec::new(),
        description: None,
        state: WebhookState::Active,
        secrets: Sealed(vec![1, 2, 3]),
        position: 0,
        replays: Vec::new(),
        failures: 0,
        failing_since: None,
        resumed_at: None,
        created_at: time(0),
    }
}

async fn created(journal: &dyn Store, owner: &str, url: &str) -> Webhook {
    let mut webhook = webhook(owner, url);
    webhook.position = journal.last_event().await.unwrap();
    let creation = journal.create_webhook(webhook.clone(), 9).await.unwrap();
    assert_eq!(creation, Creation::Created);
    webhook
}

async fn read(journal: &dyn Store, webhook: &Webhook) -> Webhook {
    journal.webhook(webhook.id).await.unwrap().unwrap()
}

/// Publishes an event about this subject; the fact makes it new. Returns its position.
async fn publish(journal: &dyn Store, subject: &str, fact: &str, ms: i64) -> i64 {
    publish_as(journal, EventKind::OrderFlightChanged, subject, fact, ms).await
}

async fn publish_as(
    journal: &dyn Store,
    kind: EventKind,
    subject: &str,
    fact: &str,
    ms: i64,
) -> i64 {
    let publication = Publication {
        event: NewEvent {
            kind,
            subject: subject.to_owned(),
            fact: fact.to_owned(),
        },
        account: account(),
        owner: None,
        order: OrderNumbers::default(),
        at: time(ms),
    };
    journal.publish(vec![publication]).await.unwrap();
    journal.last_event().await.unwrap()
}

/// Enqueues all events that the webhook does not have yet.
async fn enqueue_all(journal: &dyn Store, webhook: &Webhook, ms: i64) {
    let position = read(journal, webhook).await.position;
    let events = journal.events(all(position)).await.unwrap();
    let last = events.last().map_or(position, |event| event.sequence);
    let events = events.into_iter().map(|e| (e.sequence, e.subject));
    let progress = Progress::Feed(position, last);
    assert!(enqueue(journal, webhook, progress, events.collect(), ms).await);
}

async fn enqueue(
    journal: &dyn Store,
    webhook: &Webhook,
    progress: Progress,
    events: Vec<(i64, String)>,
    ms: i64,
) -> bool {
    let stored = journal.webhook(webhook.id).await.unwrap();
    let enqueue = Enqueue {
        webhook: webhook.id,
        version: stored.map_or(webhook.version, |stored| stored.version),
        progress,
        events,
        now: time(ms),
    };
    journal.enqueue(enqueue).await.unwrap()
}

/// Enqueues this delivery again.
async fn repeat(journal: &dyn Store, webhook: &Webhook, sequence: i64, subject: &str, ms: i64) {
    let replay = Replay {
        after: sequence - 1,
        to: sequence,
        dead_only: false,
    };
    let mut current = read(journal, webhook).await;
    current.replays.push(replay);
    let saved = journal.save_webhook(current).await.unwrap();
    assert!(matches!(saved, SavedWebhook::Done(_)), "{saved:?}");
    let events = vec![(sequence, subject.to_owned())];
    assert!(enqueue(journal, webhook, Progress::Replay(replay, None), events, ms).await);
    assert_eq!(read(journal, webhook).await.replays, []);
}

const DELIVERED: (Outcome, u16) = (Outcome::Delivered, 204);
const REFUSED: (Outcome, u16) = (Outcome::Refused, 500);
const GONE: (Outcome, u16) = (Outcome::Gone, 410);

/// Records an attempt of 100 ms that begins at this time. Returns whether it was recorded.
async fn attempt(
    journal: &dyn Store,
    webhook: &Webhook,
    sequence: i64,
    number: i64,
    (outcome, status): (Outcome, u16),
    ms: i64,
) -> bool {
    let attempted = Attempted {
        webhook: webhook.id,
        attempt: Attempt {
            sequence,
            number,
            at: time(ms),
            took: Duration::from_millis(100),
            result: AttemptResult {
                outcome,
                status: Some(status),
                retry_after: None,
            },
        },
        retries: Retries::default(),
        chance: 0,
    };
    journal.record_attempt(attempted).await.unwrap()
}

/// Makes two attempts that fail so long after one another that the delivery is given up.
async fn give_up(journal: &dyn Store, webhook: &Webhook, sequence: i64, ms: i64) {
    assert!(attempt(journal, webhook, sequence, 1, REFUSED, ms).await);
    assert!(attempt(journal, webhook, sequence, 2, REFUSED, ms + 72 * HOUR).await);
    let delivery = delivery(journal, webhook, sequence).await;
    assert_eq!(delivery.state, DeliveryState::Dead);
}

async fn deliveries(journal: &dyn Store, webhook: &Webhook) -> Vec<Delivery> {
    let filter = DeliveryFilter {
        webhook: webhook.id,
        state: None,
        before: None,
        limit: 1_000,
    };
    journal.deliveries(filter).await.unwrap()
}

async fn delivery(journal: &dyn Store, webhook: &Webhook, sequence: i64) -> Delivery {
    let all = deliveries(journal, webhook).await;
    let found = all.into_iter().find(|d| d.sequence == sequence);
    found.unwrap()
}

async fn attempts(journal: &dyn Store, webhook: &Webhook) -> Vec<StoredAttempt> {
    let filter = AttemptFilter {
        webhook: webhook.id,
        sequence: None,
        before: None,
        limit: 1_000,
    };
    journal.attempts(filter).await.unwrap()
}

/// The positions of the deliveries that are due.
async fn due(journal: &dyn Store, webhook: &Webhook, ms: i64) -> Vec<i64> {
    let due = journal
        .due_deliveries(webhook.id, time(ms), DueOrder::Longest, 100)
        .await;
    let due = due.unwrap().into_iter();
    due.inspect(|due| assert_eq!(due.delivery.sequence, due.event.sequence))
        .map(|due| due.delivery.sequence)
        .collect()
}

async fn feed(journal: &dyn Store) -> Vec<i64> {
    let events = journal.events(all(0)).await.unwrap();
    events.into_iter().map(|event| event.sequence).collect()
}

/// The events about a webhook: type, owner and fact.
async fn told(journal: &dyn Store, webhook: &Webhook) -> Vec<(EventKind, String, String)> {
    let filter = EventFilter {
        subject: Some(webhook.id.to_string()),
        ..all(0)
    };
    let events = journal.events(filter).await.unwrap().into_iter();
    events
        .map(|event| (event.kind, event.owner.unwrap_or_default(), event.fact))
        .collect()
}

async fn a_webhook_is_read_as_it_was_written(journal: &dyn Store) {
    let full = Webhook {
        all_callers: true,
        types: vec![EventKind::OrderPaid, EventKind::WebhookPaused],
        description: Some("订单".to_owned()),
        state: WebhookState::AutoPaused,
        position: 7,
        replays: vec![Replay {
            after: 1,
            to: 5,
            dead_only: true,
        }],
        failures: 3,
        failing_since: Some(time(1)),
        resumed_at: Some(time(2)),
        ..webhook("app", "https://example.com/a")
    };
    assert_eq!(journal.webhook(full.id).await.unwrap(), None);
    let creation = journal.create_webhook(full.clone(), 1).await.unwrap();
    assert_eq!(creation, Creation::Created);
    assert_eq!(read(journal, &full).await, full);
}

async fn an_owner_has_one_webhook_per_address_and_a_limited_number(journal: &dyn Store) {
    let first = created(journal, "app", "https://example.com/a").await;
    let again = webhook("app", "https://example.com/a");
    for most in [1, 9] {
        let creation = journal.create_webhook(again.clone(), most).await.unwrap();
        assert_eq!(creation, Creation::Exists(first.id));
    }
    let second = webhook("app", "https://example.com/b");
    let creation = journal.create_webhook(second, 1).await.unwrap();
    assert_eq!(creation, Creation::TooMany);
    // Another owner has its own.
    created(journal, "other", "https://example.com/a").await;
}

async fn a_change_of_a_webhook_is_decided_on_its_current_revision(journal: &dyn Store) {
    let first = created(journal, "app", "https://example.com/a").await;
    let second = created(journal, "app", "https://example.com/b").await;
    let changed = Webhook {
        url: "https://example.com/c".to_owned(),
        types: vec![EventKind::OrderPaid],
        description: Some("new".to_owned()),
        state: WebhookState::Paused,
        secrets: Sealed(vec![9]),
        failures: 2,
        failing_since: Some(time(5)),
        // These do not change.
        owner: "other".to_owned(),
        all_callers: true,
        position: 99,
        created_at: time(99),
        ..first.clone()
    };
    let expected = Webhook {
        revision: 2,
        version: 2,
        owner: "app".to_owned(),
        all_callers: false,
        position: first.position,
        created_at: first.created_at,
        ..changed.clone()
    };
    let saved = journal.save_webhook(changed.clone()).await.unwrap();
    assert_eq!(saved, SavedWebhook::Done(Box::new(expected.clone())));
    let saved = journal.save_webhook(changed).await.unwrap();
    assert_eq!(saved, SavedWebhook::Stale(Box::new(expected.clone())));
    let taken = Webhook {
        url: second.url.clone(),
        ..expected.clone()
    };
    let saved = journal.save_webhook(taken.clone()).await.unwrap();
    assert_eq!(saved, SavedWebhook::Exists(second.id));
    assert_eq!(read(journal, &first).await, expected);
    assert!(journal.delete_webhook(second.id).await.unwrap());
    assert_eq!(
        journal.save_webhook(second.clone()).await.unwrap(),
        SavedWebhook::Gone
    );
    let saved = journal.save_webhook(taken).await.unwrap();
    assert!(matches!(saved, SavedWebhook::Done(_)), "{saved:?}");
}

async fn webhooks_are_listed_oldest_first(journal: &dyn Store) {
    let a = created(journal, "app", "https://example.com/a").await;
    let b = created(journal, "other", "https://example.com/b").await;
    let c = created(journal, "app", "https://example.com/c").await;
    let list = async |owner: Option<&str>, after: Option<&Webhook>, limit| {
        let filter = WebhookFilter {
            owner: owner.map(str::to_owned),
            after: after.map(|webhook| webhook.id),
            limit,
        };
        let found = journal.webhooks(filter).await.unwrap();
        found.iter().map(|webhook| webhook.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 9).await, [a.id, b.id, c.id]);
    assert_eq!(list(None, None, 2).await, [a.id, b.id]);
    assert_eq!(list(None, Some(&a), 9).await, [b.id, c.id]);
    assert_eq!(list(Some("app"), None, 9).await, [a.id, c.id]);
    assert_eq!(list(Some("app"), Some(&b), 9).await, [c.id]);
    assert!(list(Some("nobody"), None, 9).await.is_empty());
}

async fn events_are_enqueued_once_and_only_from_the_current_place(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "1", "a", 0).await;
    let second = publish(journal, "2", "a", 0).await;
    let events = || vec![(first, "1".to_owned()), (second, "2".to_owned())];
    let feed = Progress::Feed(hook.position, second);
    assert!(enqueue(journal, &hook, feed, events(), 10).await);
    assert_eq!(read(journal, &hook).await.position, second);
    assert!(attempt(journal, &hook, first, 1, REFUSED, 10).await);
    let before = deliveries(journal, &hook).await;
    assert!(!enqueue(journal, &hook, feed, events(), 20).await);
    // Those that are pending stay as they are.
    let again = Progress::Feed(second, second);
    assert!(enqueue(journal, &hook, again, events(), 20).await);
    assert_eq!(deliveries(journal, &hook).await, before);
    let replay = |after| Replay {
        after,
        to: second,
        dead_only: false,
    };
    let none_open = Progress::Replay(replay(0), None);
    assert!(!enqueue(journal, &hook, none_open, events(), 20).await);
    let mut current = read(journal, &hook).await;
    current.replays = vec![replay(0)];
    journal.save_webhook(current).await.unwrap();
    let step = Progress::Replay(replay(0), Some(replay(first)));
    assert!(enqueue(journal, &hook, step, Vec::new(), 20).await);
    assert!(!enqueue(journal, &hook, step, Vec::new(), 20).await);
    assert_eq!(read(journal, &hook).await.replays, [replay(first)]);
    // Neither does a paused webhook get deliveries, nor a deleted one.
    let mut current = read(journal, &hook).await;
    current.state = WebhookState::Paused;
    journal.save_webhook(current).await.unwrap();
    assert!(!enqueue(journal, &hook, again, events(), 30).await);
    journal.delete_webhook(hook.id).await.unwrap();
    assert!(!enqueue(journal, &hook, again, events(), 30).await);
}

async fn an_event_that_was_deleted_is_not_enqueued(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "1", "a", 0).await;
    let events = vec![(first, "1".to_owned()), (first + 1, "2".to_owned())];
    let feed = Progress::Feed(hook.position, first + 1);
    assert!(enqueue(journal, &hook, feed, events, 0).await);
    assert_eq!(deliveries(journal, &hook).await.len(), 1);
    assert_eq!(read(journal, &hook).await.position, first + 1);
}

async fn only_the_first_pending_delivery_about_a_subject_is_due(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let a1 = publish(journal, "a", "1", 1).await;
    let b1 = publish(journal, "b", "1", 2).await;
    let a2 = publish(journal, "a", "2", 3).await;
    enqueue_all(journal, &hook, 10).await;
    assert_eq!(due(journal, &hook, 9).await, NOTHING);
    let next = journal.next_delivery(hook.id, time(9)).await.unwrap();
    assert_eq!(next, Some(time(10)));
    assert_eq!(due(journal, &hook, 10).await, [a1, b1]);
    assert_eq!(
        journal.oldest_pending(hook.id).await.unwrap(),
        Some(time(1))
    );
    // A failure of one subject does not hold the other one.
    assert!(attempt(journal, &hook, a1, 1, REFUSED, 10).await);
    assert_eq!(due(journal, &hook, 200).await, [b1]);
    let next = journal.next_delivery(hook.id, time(200)).await.unwrap();
    assert_eq!(next, Some(time(110 + 5 * SECOND)));
    // A success shows that the endpoint works, so what began to fail before is due.
    assert!(attempt(journal, &hook, b1, 1, DELIVERED, 200).await);
    assert_eq!(due(journal, &hook, 299).await, NOTHING);
    assert_eq!(due(journal, &hook, 300).await, [a1]);
    assert!(attempt(journal, &hook, a1, 2, DELIVERED, 6 * SECOND).await);
    let next = delivery(journal, &hook, a2).await;
    assert_eq!(next.next_attempt_at, Some(time(6 * SECOND + 100)));
    assert_eq!(
        journal.oldest_pending(hook.id).await.unwrap(),
        Some(time(3))
    );
    assert!(attempt(journal, &hook, a2, 1, DELIVERED, 7 * SECOND).await);
    assert_eq!(journal.oldest_pending(hook.id).await.unwrap(), None);
    assert_eq!(journal.next_delivery(hook.id, time(0)).await.unwrap(), None);
    let delivered = delivery(journal, &hook, a1).await;
    let expected = Delivery {
        webhook: hook.id,
        sequence: a1,
        subject: "a".to_owned(),
        state: DeliveryState::Delivered,
        attempts: 2,
        first_attempt_at: Some(time(10)),
        last_attempt_at: Some(time(6 * SECOND)),
        next_attempt_at: None,
        ended_at: Some(time(6 * SECOND + 100)),
    };
    assert_eq!(delivered, expected);
}

async fn the_next_delivery_about_a_subject_follows_a_dead_one(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "a", "2", 0).await;
    enqueue_all(journal, &hook, 0).await;
    give_up(journal, &hook, first, 0).await;
    assert_eq!(due(journal, &hook, 72 * HOUR + 100).await, [second]);
}

async fn an_ended_delivery_that_is_repeated_comes_before_later_ones(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "a", "2", 0).await;
    enqueue_all(journal, &hook, 0).await;
    assert!(attempt(journal, &hook, first, 1, DELIVERED, 0).await);
    assert_eq!(due(journal, &hook, SECOND).await, [second]);
    repeat(journal, &hook, first, "a", 2 * SECOND).await;
    let repeated = delivery(journal, &hook, first).await;
    let expected = Delivery {
        state: DeliveryState::Pending,
        attempts: 1,
        first_attempt_at: None,
        last_attempt_at: Some(time(0)),
        next_attempt_at: Some(time(2 * SECOND)),
        ended_at: None,
        ..repeated.clone()
    };
    assert_eq!(repeated, expected);
    assert_eq!(due(journal, &hook, 2 * SECOND).await, [first]);
    assert!(attempt(journal, &hook, first, 2, DELIVERED, 3 * SECOND).await);
    assert_eq!(due(journal, &hook, 4 * SECOND).await, [second]);
    // A later one than the first pending one waits.
    assert!(attempt(journal, &hook, second, 1, DELIVERED, 4 * SECOND).await);
    repeat(journal, &hook, first, "a", 5 * SECOND).await;
    repeat(journal, &hook, second, "a", 6 * SECOND).await;
    assert_eq!(due(journal, &hook, 7 * SECOND).await, [first]);
}

async fn an_attempt_that_was_overtaken_by_an_earlier_delivery_waits_for_it(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "a", "2", 0).await;
    enqueue_all(journal, &hook, 0).await;
    assert!(attempt(journal, &hook, first, 1, DELIVERED, 0).await);
    // While the second one is attempted, the first one becomes pending again.
    repeat(journal, &hook, first, "a", SECOND).await;
    assert!(attempt(journal, &hook, second, 1, REFUSED, 500).await);
    assert_eq!(due(journal, &hook, 24 * HOUR).await, [first]);
    let waiting = delivery(journal, &hook, second).await;
    assert_eq!((waiting.attempts, waiting.next_attempt_at), (1, None));
    assert!(attempt(journal, &hook, second, 2, DELIVERED, 600).await);
    assert_eq!(due(journal, &hook, 24 * HOUR).await, [first]);
}

async fn an_outdated_attempt_is_not_recorded(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    assert!(!attempt(journal, &hook, first, 2, DELIVERED, 0).await);
    assert!(!attempt(journal, &hook, first + 1, 1, DELIVERED, 0).await);
    assert!(attempt(journal, &hook, first, 1, REFUSED, 0).await);
    let before = (
        read(journal, &hook).await,
        deliveries(journal, &hook).await,
        attempts(journal, &hook).await,
    );
    assert!(!attempt(journal, &hook, first, 1, DELIVERED, SECOND).await);
    let after = (
        read(journal, &hook).await,
        deliveries(journal, &hook).await,
        attempts(journal, &hook).await,
    );
    assert_eq!(after, before);
    assert!(attempt(journal, &hook, first, 2, DELIVERED, 2 * SECOND).await);
    assert!(!attempt(journal, &hook, first, 3, REFUSED, 3 * SECOND).await);
    journal.delete_webhook(hook.id).await.unwrap();
    assert!(!attempt(journal, &hook, first, 3, REFUSED, 3 * SECOND).await);
}

async fn attempts_are_listed_newest_first(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let other = created(journal, "app", "https://example.com/b").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "b", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    enqueue_all(journal, &other, 0).await;
    assert!(attempt(journal, &hook, first, 1, REFUSED, 0).await);
    assert!(attempt(journal, &other, first, 1, DELIVERED, 0).await);
    let unanswered = Attempt {
        sequence: second,
        number: 1,
        at: time(SECOND),
        took: Duration::from_secs(10),
        result: AttemptResult {
            outcome: Outcome::TimedOut,
            status: None,
            retry_after: None,
        },
    };
    let asked_to_wait = Attempt {
        number: 2,
        at: time(20 * SECOND),
        result: AttemptResult {
            outcome: Outcome::Refused,
            status: Some(429),
            retry_after: Some(Duration::from_mins(2)),
        },
        ..unanswered
    };
    for attempt in [unanswered, asked_to_wait] {
        let attempted = Attempted {
            webhook: hook.id,
            attempt,
            retries: Retries::default(),
            chance: 0,
        };
        assert!(journal.record_attempt(attempted).await.unwrap());
    }
    let all = attempts(journal, &hook).await;
    let found: Vec<_> = all.iter().map(|(_, attempt)| *attempt).collect();
    assert_eq!(found[..2], [asked_to_wait, unanswered]);
    assert_eq!((found.len(), found[2].sequence), (3, first));
    let list = async |sequence, before, limit| {
        let filter = AttemptFilter {
            webhook: hook.id,
            sequence,
            before,
            limit,
        };
        journal.attempts(filter).await.unwrap()
    };
    assert_eq!(list(Some(first), None, 9).await, all[2..]);
    assert_eq!(list(None, Some(all[0].0), 9).await, all[1..]);
    assert_eq!(list(Some(second), Some(all[0].0), 9).await, all[1..2]);
    assert_eq!(list(None, None, 1).await, all[..1]);
    let paged = async |state, before, limit| {
        let filter = DeliveryFilter {
            webhook: other.id,
            state,
            before,
            limit,
        };
        let found = journal.deliveries(filter).await.unwrap();
        found.iter().map(|d| d.sequence).collect::<Vec<_>>()
    };
    assert_eq!(paged(None, None, 9).await, [second, first]);
    assert_eq!(paged(None, None, 1).await, [second]);
    assert_eq!(paged(None, Some(second), 9).await, [first]);
    let pending = Some(DeliveryState::Pending);
    assert_eq!(paged(pending, None, 9).await, [second]);
    assert_eq!(paged(pending, Some(second), 9).await, NOTHING);
}

async fn a_dead_delivery_is_told_to_the_owner_once(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    give_up(journal, &hook, first, 0).await;
    let undelivered = |attempts: i64| {
        let fact = format!("{first}/{attempts}");
        (EventKind::WebhookUndelivered, "app".to_owned(), fact)
    };
    assert_eq!(told(journal, &hook).await, [undelivered(2)]);
    let event = journal.events(all(first)).await.unwrap().remove(0);
    assert_eq!((event.account, event.operation_id), (account(), None));
    assert_eq!(event.at, time(72 * HOUR + 100));
    assert_eq!(event.order, OrderNumbers::default());
    // If it fails again, that is another fact.
    repeat(journal, &hook, first, "a", 73 * HOUR).await;
    assert!(attempt(journal, &hook, first, 3, REFUSED, 73 * HOUR).await);
    assert_eq!(
        delivery(journal, &hook, first).await.first_attempt_at,
        Some(time(73 * HOUR))
    );
    // Only now, so that it is not paused.
    let mut current = read(journal, &hook).await;
    current.failing_since = Some(time(73 * HOUR));
    journal.save_webhook(current).await.unwrap();
    assert!(attempt(journal, &hook, first, 4, REFUSED, 145 * HOUR).await);
    assert_eq!(told(journal, &hook).await, [undelivered(2), undelivered(4)]);
}

async fn events_that_were_selected_for_an_earlier_version_are_not_added(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    publish(journal, "a", "1", 0).await;
    let changed = Webhook {
        types: vec![EventKind::OrderPaid],
        ..hook.clone()
    };
    journal.save_webhook(changed).await.unwrap();
    let mut enqueue = Enqueue {
        webhook: hook.id,
        version: 1,
        progress: Progress::Feed(0, 1),
        events: vec![(1, "a".to_owned())],
        now: time(0),
    };
    assert!(!journal.enqueue(enqueue.clone()).await.unwrap());
    assert_eq!(read(journal, &hook).await.position, 0);
    enqueue.version = 2;
    assert!(journal.enqueue(enqueue).await.unwrap());
    assert_eq!(read(journal, &hook).await.position, 1);
}

async fn a_change_does_not_undo_the_end_of_a_replay_or_the_record_of_a_failure(
    journal: &dyn Store,
) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    let outdated = read(journal, &hook).await;
    assert!(attempt(journal, &hook, first, 1, REFUSED, 0).await);
    let failed = read(journal, &hook).await;
    assert_eq!((failed.failures, failed.version), (1, outdated.version));
    let saved = journal.save_webhook(outdated).await.unwrap();
    assert_eq!(saved, SavedWebhook::Stale(Box::new(failed.clone())));

    let replay = Replay {
        after: 0,
        to: first,
        dead_only: false,
    };
    let replaying = Webhook {
        replays: vec![replay],
        ..failed
    };
    let SavedWebhook::Done(replaying) = journal.save_webhook(replaying).await.unwrap() else {
        panic!("it is not saved");
    };
    let end = Enqueue {
        webhook: hook.id,
        version: replaying.version,
        progress: Progress::Replay(replay, None),
        events: vec![],
        now: time(1),
    };
    assert!(journal.enqueue(end).await.unwrap());
    let saved = journal.save_webhook(*replaying).await.unwrap();
    let SavedWebhook::Stale(stored) = saved else {
        panic!("the replay begins again: {saved:?}");
    };
    assert_eq!(stored.replays, []);
}

async fn a_dead_delivery_of_a_webhook_event_is_not_told(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let kind = EventKind::WebhookUndelivered;
    let first = publish_as(journal, kind, "another webhook", "1/1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    give_up(journal, &hook, first, 0).await;
    assert_eq!(told(journal, &hook).await, []);
}

async fn a_webhook_that_is_gone_is_paused_and_resumed(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    assert!(attempt(journal, &hook, first, 1, GONE, 0).await);
    let paused = read(journal, &hook).await;
    let expected = Webhook {
        revision: 2,
        version: 2,
        state: WebhookState::AutoPaused,
        position: first,
        failures: 1,
        failing_since: Some(time(0)),
        ..hook.clone()
    };
    assert_eq!(paused, expected);
    let event = (
        EventKind::WebhookPaused,
        "app".to_owned(),
        time(100).to_string(),
    );
    assert_eq!(told(journal, &hook).await, [event]);
    assert_eq!(
        delivery(journal, &hook, first).await.state,
        DeliveryState::Pending
    );
    assert_eq!(due(journal, &hook, SECOND).await, NOTHING);
    let mut resumed = paused;
    resumed.resume(time(SECOND));
    let saved = journal.save_webhook(resumed).await.unwrap();
    let SavedWebhook::Done(saved) = saved else {
        panic!("{saved:?}");
    };
    assert_eq!((saved.state, saved.failures), (WebhookState::Active, 0));
    let dead_only = Replay {
        after: 0,
        to: first,
        dead_only: true,
    };
    assert_eq!(saved.replays, [dead_only]);
    assert_eq!(due(journal, &hook, SECOND).await, [first]);
}

async fn a_result_is_recorded_although_the_webhook_was_paused(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    let mut current = read(journal, &hook).await;
    current.state = WebhookState::Paused;
    journal.save_webhook(current).await.unwrap();
    assert!(attempt(journal, &hook, first, 1, DELIVERED, 0).await);
    assert_eq!(
        delivery(journal, &hook, first).await.state,
        DeliveryState::Delivered
    );
}

async fn deliveries_that_failed_are_due_once_the_endpoint_works_again(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let mut sequences = Vec::new();
    for subject in ["a", "b", "c", "d", "e", "f"] {
        sequences.push(publish(journal, subject, "1", 0).await);
    }
    enqueue_all(journal, &hook, 0).await;
    for (ms, sequence) in (0..).map(|n| n * 200).zip(&sequences[..5]) {
        assert!(attempt(journal, &hook, *sequence, 1, REFUSED, ms).await);
    }
    assert!(read(journal, &hook).await.is_down());
    assert_eq!(due(journal, &hook, 2 * SECOND).await, sequences[5..]);
    assert!(attempt(journal, &hook, sequences[5], 1, DELIVERED, 2 * SECOND).await);
    let end = 2 * SECOND + 100;
    assert_eq!(due(journal, &hook, end - 1).await, NOTHING);
    assert_eq!(due(journal, &hook, end).await, sequences[..5]);
    let recovered = read(journal, &hook).await;
    assert_eq!((recovered.failures, recovered.failing_since), (0, None));
}

async fn trim(journal: &dyn Store) {
    while journal.trim_events(i64::MAX).await.unwrap() > 0 {}
}

async fn forget(journal: &dyn Store, ms: i64) -> u64 {
    let mut deleted = 0;
    loop {
        match journal.forget_deliveries(time(ms)).await.unwrap() {
            0 => return deleted,
            more => deleted += more,
        }
    }
}

async fn events_are_kept_until_every_webhook_has_them(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let other = created(journal, "app", "https://example.com/b").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "b", "1", 0).await;
    let third = publish(journal, "c", "1", 0).await;
    assert_eq!(journal.trim_events(i64::MAX).await.unwrap(), 0);
    enqueue_all(journal, &hook, 0).await;
    enqueue_all(journal, &other, 0).await;
    assert!(attempt(journal, &hook, first, 1, DELIVERED, 0).await);
    trim(journal).await;
    assert_eq!(feed(journal).await, [first, second, third]);
    assert!(attempt(journal, &other, first, 1, DELIVERED, 0).await);
    assert!(attempt(journal, &hook, third, 1, DELIVERED, 0).await);
    trim(journal).await;
    assert_eq!(feed(journal).await, [second, third]);
    assert_eq!(journal.trimmed_events().await.unwrap(), first);
    let left = deliveries(journal, &hook).await;
    let left: Vec<_> = left.iter().map(|d| d.sequence).collect();
    assert_eq!(left, [third, second]);
    assert_eq!(attempts(journal, &hook).await.len(), 1);
    // The events of a deleted webhook are not kept.
    assert!(attempt(journal, &hook, second, 1, DELIVERED, 0).await);
    trim(journal).await;
    assert_eq!(feed(journal).await, [second, third]);
    journal.delete_webhook(other.id).await.unwrap();
    trim(journal).await;
    assert_eq!(feed(journal).await, NOTHING);
    assert_eq!(deliveries(journal, &hook).await, []);
    assert_eq!(attempts(journal, &hook).await, []);
    // The pending deliveries of the deleted one.
    assert_eq!(forget(journal, 0).await, 2);
}

async fn events_whose_delivery_was_given_up_are_kept(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let other = created(journal, "app", "https://example.com/b").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "b", "1", 0).await;
    for hook in [&hook, &other] {
        enqueue_all(journal, hook, 0).await;
        assert!(attempt(journal, hook, second, 1, DELIVERED, 0).await);
    }
    assert!(attempt(journal, &other, first, 1, DELIVERED, 0).await);
    give_up(journal, &hook, first, 0).await;
    let undelivered = journal.last_event().await.unwrap();
    for hook in [&hook, &other] {
        enqueue_all(journal, hook, 72 * HOUR).await;
        assert!(attempt(journal, hook, undelivered, 1, DELIVERED, 72 * HOUR).await);
    }
    trim(journal).await;
    assert_eq!(feed(journal).await, [first]);
    assert_eq!(journal.trimmed_events().await.unwrap(), undelivered);
    let left = deliveries(journal, &hook).await;
    assert_eq!((left.len(), left[0].sequence), (1, first));
    assert_eq!(attempts(journal, &hook).await.len(), 2);
    assert_eq!(deliveries(journal, &other).await, []);
    // The next events are trimmed although an earlier one is left.
    let third = publish(journal, "c", "1", 0).await;
    for hook in [&hook, &other] {
        enqueue_all(journal, hook, 0).await;
        assert!(attempt(journal, hook, third, 1, DELIVERED, 0).await);
    }
    assert_eq!(journal.trim_events(i64::MAX).await.unwrap(), 1);
    assert_eq!(feed(journal).await, [first]);
    let end = 72 * HOUR + 100;
    assert_eq!(forget(journal, end).await, 0);
    assert_eq!(forget(journal, end + 1).await, 1);
    assert_eq!(feed(journal).await, NOTHING);
    assert_eq!(attempts(journal, &hook).await, []);
}

async fn an_open_replay_keeps_its_events(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "b", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    for sequence in [first, second] {
        assert!(attempt(journal, &hook, sequence, 1, DELIVERED, 0).await);
    }
    let replay = |dead_only| {
        vec![Replay {
            after: first,
            to: second,
            dead_only,
        }]
    };
    let mut current = read(journal, &hook).await;
    current.replays = replay(false);
    let saved = journal.save_webhook(current).await.unwrap();
    let SavedWebhook::Done(mut current) = saved else {
        panic!("{saved:?}");
    };
    trim(journal).await;
    assert_eq!(feed(journal).await, [second]);
    current.replays = replay(true);
    journal.save_webhook(*current).await.unwrap();
    trim(journal).await;
    assert_eq!(feed(journal).await, NOTHING);
}

async fn a_dead_delivery_is_repeated_after_its_event_was_trimmed(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    give_up(journal, &hook, first, 0).await;
    enqueue_all(journal, &hook, 72 * HOUR).await;
    let told = journal.last_event().await.unwrap();
    assert!(attempt(journal, &hook, told, 1, DELIVERED, 72 * HOUR).await);
    trim(journal).await;
    repeat(journal, &hook, first, "a", 90 * HOUR).await;
    assert_eq!(due(journal, &hook, 90 * HOUR).await, [first]);
    // It does not keep later events, and its own is kept.
    let next = publish(journal, "b", "1", 0).await;
    enqueue_all(journal, &hook, 90 * HOUR).await;
    assert!(attempt(journal, &hook, next, 1, DELIVERED, 90 * HOUR).await);
    trim(journal).await;
    assert_eq!(forget(journal, 1_000 * HOUR).await, 0);
    assert_eq!(feed(journal).await, [first]);
    assert!(attempt(journal, &hook, first, 3, DELIVERED, 90 * HOUR).await);
    assert_eq!(forget(journal, 0).await, 1);
    assert_eq!(feed(journal).await, NOTHING);
    assert_eq!(attempts(journal, &hook).await, []);
}

async fn a_moved_event_is_delivered_anew(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "a", "2", 0).await;
    enqueue_all(journal, &hook, 0).await;
    assert!(attempt(journal, &hook, first, 1, REFUSED, 0).await);
    assert_eq!(due(journal, &hook, 100).await, NOTHING);
    // Its owner is known now.
    let publication = Publication {
        event: NewEvent {
            kind: EventKind::OrderFlightChanged,
            subject: "a".to_owned(),
            fact: "1".to_owned(),
        },
        account: account(),
        owner: Some("app".to_owned()),
        order: OrderNumbers::default(),
        at: time(200),
    };
    journal.publish(vec![publication]).await.unwrap();
    let moved = journal.last_event().await.unwrap();
    assert_eq!(feed(journal).await, [second, moved]);
    assert_eq!(attempts(journal, &hook).await, []);
    assert_eq!(due(journal, &hook, 199).await, NOTHING);
    assert_eq!(due(journal, &hook, 200).await, [second]);
    assert!(!attempt(journal, &hook, first, 2, DELIVERED, 300).await);
    enqueue_all(journal, &hook, 300).await;
    assert!(attempt(journal, &hook, second, 1, DELIVERED, 400).await);
    assert_eq!(due(journal, &hook, 500).await, [moved]);
}

async fn a_deleted_webhook_frees_its_address_and_its_events(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let first = publish(journal, "a", "1", 0).await;
    let second = publish(journal, "b", "1", 0).await;
    enqueue_all(journal, &hook, 0).await;
    give_up(journal, &hook, first, 0).await;
    assert!(journal.delete_webhook(hook.id).await.unwrap());
    assert!(!journal.delete_webhook(hook.id).await.unwrap());
    assert_eq!(journal.webhook(hook.id).await.unwrap(), None);
    let filter = WebhookFilter {
        limit: 9,
        ..WebhookFilter::default()
    };
    assert_eq!(journal.webhooks(filter).await.unwrap(), []);
    assert_eq!(due(journal, &hook, 100 * HOUR).await, NOTHING);
    assert_eq!(deliveries(journal, &hook).await, []);
    assert_eq!(attempts(journal, &hook).await, []);
    assert_eq!(journal.oldest_pending(hook.id).await.unwrap(), None);
    let next = journal.next_delivery(hook.id, time(-1)).await.unwrap();
    assert_eq!(next, None);
    // Its address and its place are free again.
    let again = webhook("app", "https://example.com/a");
    let creation = journal.create_webhook(again.clone(), 1).await.unwrap();
    assert_eq!(creation, Creation::Created);
    assert!(journal.delete_webhook(again.id).await.unwrap());
    trim(journal).await;
    assert_eq!(feed(journal).await, [first]);
    assert_eq!(forget(journal, 0).await, 2);
    assert_eq!(feed(journal).await, NOTHING);
    assert_eq!(journal.trimmed_events().await.unwrap(), second + 1);
}

async fn many_dead_deliveries_do_not_stall_the_trimming(journal: &dyn Store) {
    let hook = created(journal, "app", "https://example.com/a").await;
    let kind = EventKind::WebhookUndelivered;
    // More than one transaction deletes. Their ends publish no events.
    let publications = (0..600).map(|n| Publication {
        event: NewEvent {
            kind,
            subject: n.to_string(),
            fact: "1/1".to_owned(),
        },
        account: account(),
        owner: None,
        order: OrderNumbers::default(),
        at: time(0),
    });
    journal.publish(publications.collect()).await.unwrap();
    let events = journal
        .events(EventFilter {
            limit: 1_000,
            ..all(0)
        })
        .await
        .unwrap();
    let last = events.last().unwrap().sequence;
    let events: Vec<_> = events
        .into_iter()
        .map(|e| (e.sequence, e.subject))
        .collect();
    let feed = Progress::Feed(0, last);
    assert!(enqueue(journal, &hook, feed, events.clone(), 0).await);
    for (sequence, _) in &events[..599] {
        give_up(journal, &hook, *sequence, 0).await;
    }
    let (end, _) = events[599];
    assert!(attempt(journal, &hook, end, 1, DELIVERED, 0).await);
    trim(journal).await;
    assert_eq!(journal.trimmed_events().await.unwrap(), last);
    assert_eq!(forget(journal, 100 * HOUR).await, 599);
    let all = journal.events(all(0)).await.unwrap();
    assert_eq!(all, []);
}

#[tokio::test]
async fn the_events_of_version_7_are_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_7).await;
    let filter = WebhookFilter {
        limit: 9,
        ..WebhookFilter::default()
    };
    assert_eq!(journal.webhooks(filter).await.unwrap(), []);
    let hook = webhook("local", "https://example.com/a");
    let creation = journal.create_webhook(hook.clone(), 1).await.unwrap();
    assert_eq!(creation, Creation::Created);
    while read(&journal, &hook).await.position < journal.last_event().await.unwrap() {
        enqueue_all(&journal, &hook, 0).await;
    }
    assert_eq!(deliveries(&journal, &hook).await.len(), 25);
    let first = due(&journal, &hook, 0).await[0];
    assert_eq!(first, 1);
    assert!(attempt(&journal, &hook, first, 1, DELIVERED, 0).await);
    trim(&journal).await;
    assert_eq!(journal.trimmed_events().await.unwrap(), 1);
}

#[tokio::test]
async fn a_journal_of_version_8_keeps_its_deliveries() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_8).await;
    let filter = WebhookFilter {
        limit: 9,
        ..WebhookFilter::default()
    };
    let mut found = Vec::new();
    for webhook in journal.webhooks(filter).await.unwrap() {
        let states = deliveries(&journal, &webhook).await;
        let count = |state: &str| states.iter().filter(|d| d.state.as_str() == state).count();
        found.push((
            webhook.url.rsplit('/').next().unwrap().to_owned(),
            ["delivered", "pending", "dead"].map(count),
            webhook.replays.len(),
        ));
    }
    let expected = [
        ("all", [27, 0, 0], 0),
        ("flaky", [9, 2, 1], 0),
        ("paused", [1, 0, 0], 1),
    ];
    assert_eq!(
        found,
        expected.map(|(url, states, replays)| (url.to_owned(), states, replays))
    );
    assert_eq!(journal.last_event().await.unwrap(), 29);
    let filter = Filter {
        state: Some(State::Unknown),
        limit: 9,
        ..Filter::default()
    };
    assert_eq!(journal.list(filter).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let hook = created(&journal, "app", "https://example.com/a").await;
    let other = created(&journal, "app", "https://example.com/b").await;
    let mut writer = connect(dir.path()).await;
    sqlx::query("UPDATE webhooks SET types = '[\"order.lost\"]' WHERE id = ?1")
        .bind(hook.id.to_string())
        .execute(&mut writer)
        .await
        .unwrap();
    let filter = WebhookFilter {
        limit: 9,
        ..WebhookFilter::default()
    };
    let found = journal.webhooks(filter).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&other));
    // Its events are kept.
    let first = publish(&journal, "a", "1", 0).await;
    enqueue_all(&journal, &other, 0).await;
    assert!(attempt(&journal, &other, first, 1, DELIVERED, 0).await);
    trim(&journal).await;
    assert_eq!(feed(&journal).await, [first]);
}

#[tokio::test]
async fn nothing_is_written_while_no_delivery_is_to_be_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).await;
    let hook = created(&journal, "app", "https://example.com/a").await;
    publish(&journal, "a", "1", 0).await;
    enqueue_all(&journal, &hook, 0).await;
    let mut other = connect(dir.path()).await;
    let mut version = async || -> i64 {
        let version = sqlx::query_scalar("PRAGMA data_version");
        version.fetch_one(&mut other).await.unwrap()
    };
    let before = version().await;
    assert_eq!(forget(&journal, 100 * HOUR).await, 0);
    assert_eq!(journal.trim_events(i64::MAX).await.unwrap(), 0);
    assert_eq!(version().await, before);
}
