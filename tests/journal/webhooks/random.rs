//! Random sequences of changes have the same results in both stores.

use std::collections::BTreeSet;

use fliggy_gateway::store::{DueDelivery, Event};

use super::*;

/// The generator SplitMix64.
struct Random(u64);

impl Random {
    /// A number below this.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn number(&mut self, limit: i64) -> i64 {
        i64::try_from(self.below(limit.unsigned_abs())).unwrap()
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let length = u64::try_from(from.len()).unwrap();
        let index = (length > 0).then(|| self.below(length))?;
        from.get(usize::try_from(index).unwrap()).cloned()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Publish(Publication),
    Create(Webhook),
    Save(Webhook),
    Delete(WebhookId),
    Enqueue(Enqueue),
    Record(Attempted),
    Trim(i64),
    Forget(Timestamp),
}

/// Executes a step and describes its result.
async fn execute(journal: &dyn Store, step: Step) -> String {
    match step {
        Step::Publish(publication) => format!("{:?}", journal.publish(vec![publication]).await),
        Step::Create(webhook) => format!("{:?}", journal.create_webhook(webhook, 2).await),
        Step::Save(webhook) => format!("{:?}", journal.save_webhook(webhook).await),
        Step::Delete(id) => format!("{:?}", journal.delete_webhook(id).await),
        Step::Enqueue(enqueue) => format!("{:?}", journal.enqueue(enqueue).await),
        Step::Record(attempted) => format!("{:?}", journal.record_attempt(attempted).await),
        Step::Trim(before_ms) => format!("{:?}", journal.trim_events(before_ms).await),
        Step::Forget(before) => format!("{:?}", journal.forget_deliveries(before).await),
    }
}

/// What a store returns about a webhook.
#[derive(Debug, PartialEq)]
struct About {
    webhook: Option<Webhook>,
    deliveries: Vec<Delivery>,
    attempts: Vec<StoredAttempt>,
    due: Vec<DueDelivery>,
    untried: Vec<DueDelivery>,
    next: Option<Timestamp>,
    oldest_pending: Option<Timestamp>,
}

/// What a store returns.
#[derive(Debug, PartialEq)]
struct Snapshot {
    events: Vec<Event>,
    last: i64,
    trimmed: i64,
    webhooks: Vec<About>,
}

async fn snapshot(journal: &dyn Store, ids: &[WebhookId], now: Timestamp) -> Snapshot {
    let filter = EventFilter {
        limit: 10_000,
        ..all(0)
    };
    let mut webhooks = Vec::new();
    for id in ids {
        let named = Webhook {
            id: *id,
            ..webhook("", "")
        };
        webhooks.push(About {
            webhook: journal.webhook(*id).await.unwrap(),
            deliveries: deliveries(journal, &named).await,
            attempts: attempts(journal, &named).await,
            due: journal
                .due_deliveries(*id, now, DueOrder::Longest, 1_000)
                .await
                .unwrap(),
            untried: journal
                .due_deliveries(*id, now, DueOrder::Untried, 3)
                .await
                .unwrap(),
            next: journal.next_delivery(*id, now).await.unwrap(),
            oldest_pending: journal.oldest_pending(*id).await.unwrap(),
        });
    }
    Snapshot {
        events: journal.events(filter).await.unwrap(),
        last: journal.last_event().await.unwrap(),
        trimmed: journal.trimmed_events().await.unwrap(),
        webhooks,
    }
}

impl Snapshot {
    /// The first pending delivery about each subject has a time, and no other one. The events of pending and dead
    /// deliveries are there.
    fn check(&self) {
        let events: BTreeSet<_> = self.events.iter().map(|event| event.sequence).collect();
        for about in &self.webhooks {
            let mut seen = BTreeSet::new();
            for delivery in about.deliveries.iter().rev() {
                let is_pending = delivery.state == DeliveryState::Pending;
                let is_first = is_pending && seen.insert(&delivery.subject);
                let has_time = delivery.next_attempt_at.is_some();
                assert_eq!(has_time, is_first, "{delivery:?}");
                let is_delivered = delivery.state == DeliveryState::Delivered;
                assert!(
                    is_delivered || events.contains(&delivery.sequence),
                    "{delivery:?}"
                );
            }
        }
    }

    fn step(&self, random: &mut Random, now_ms: i64) -> Option<Step> {
        let now = time(now_ms);
        let about = random.pick(&self.webhooks.iter().collect::<Vec<_>>());
        let webhook = about.and_then(|about| about.webhook.clone());
        Some(match random.below(30) {
            0..6 => Step::Publish(Publication {
                event: NewEvent {
                    kind: EventKind::OrderFlightChanged,
                    subject: random.below(4).to_string(),
                    fact: random.below(50).to_string(),
                },
                account: account(),
                owner: random.one_in(3).then(|| "app".to_owned()),
                order: OrderNumbers::default(),
                at: now,
            }),
            6 => {
                let url = random.below(3).to_string();
                let position = if random.one_in(2) { self.last } else { 0 };
                Step::Create(Webhook {
                    position: position.max(self.trimmed),
                    ..super::webhook("app", &url)
                })
            }
            7..13 => self.enqueue(random, webhook?, now),
            13..25 => Step::Record(attempted(random, about?, now)?),
            25 | 26 => Step::Save(changed(random, webhook?, now)),
            27 if random.one_in(4) => Step::Delete(webhook?.id),
            28 => Step::Forget(time(now_ms - 24 * HOUR)),
            _ => Step::Trim(time(now_ms - 2 * HOUR).as_millisecond()),
        })
    }

    fn enqueue(&self, random: &mut Random, webhook: Webhook, now: Timestamp) -> Step {
        let subjects = |after: i64, to: i64| {
            let events = self.events.iter();
            let range = events.filter(move |e| e.sequence > after && e.sequence <= to);
            range.map(|event| (event.sequence, event.subject.clone()))
        };
        let count = random.number(5);
        let (progress, mut events): (_, Vec<_>) = match webhook.replays.first().copied() {
            Some(replay) => {
                let next = replay.after + 1 + count;
                let to = (next < replay.to).then_some(Replay {
                    after: next,
                    ..replay
                });
                let events = subjects(replay.after, next.min(replay.to));
                (Progress::Replay(replay, to), events.collect())
            }
            None => {
                let to = (webhook.position + count).min(self.last);
                let from = webhook.position - i64::from(random.one_in(10));
                let events = subjects(webhook.position, to);
                (Progress::Feed(from, to), events.collect())
            }
        };
        if random.one_in(10) {
            events.push((self.last + 1, "0".to_owned()));
        }
        Step::Enqueue(Enqueue {
            webhook: webhook.id,
            version: webhook.version - i64::from(random.one_in(20)),
            progress,
            events,
            now,
        })
    }
}

fn attempted(random: &mut Random, about: &About, now: Timestamp) -> Option<Attempted> {
    let of_due = about.due.iter().map(|due| &due.delivery);
    let delivery = if random.one_in(8) {
        random.pick(&about.deliveries.iter().collect::<Vec<_>>())
    } else {
        random.pick(&of_due.collect::<Vec<_>>())
    }?;
    let (outcome, status) = match random.below(40) {
        0 => (Outcome::Gone, Some(410)),
        1..16 => (Outcome::Delivered, Some(200)),
        16..36 => (Outcome::Refused, Some(500)),
        _ => (Outcome::TimedOut, None),
    };
    let retry_after = random.one_in(9).then_some(Duration::from_mins(3));
    Some(Attempted {
        webhook: delivery.webhook,
        attempt: Attempt {
            sequence: delivery.sequence,
            number: delivery.attempts + 1 - i64::from(random.one_in(20)),
            at: now,
            took: Duration::from_millis(random.below(9_000)),
            result: AttemptResult {
                outcome,
                status,
                retry_after,
            },
        },
        retries: Retries::default(),
        chance: u32::try_from(random.below(u64::from(u32::MAX))).unwrap(),
    })
}

fn changed(random: &mut Random, mut webhook: Webhook, now: Timestamp) -> Webhook {
    match random.below(6) {
        0 if webhook.state == WebhookState::Active => webhook.state = WebhookState::Paused,
        1 => webhook.url = random.below(3).to_string(),
        2 => webhook.revision -= 1,
        3 => webhook.replays.push(Replay {
            after: random.number(webhook.position + 1),
            to: webhook.position,
            dead_only: false,
        }),
        _ => webhook.resume(now),
    }
    webhook
}

#[tokio::test]
async fn both_stores_agree_on_random_changes_of_webhooks() {
    // How often the less frequent things happen.
    let (mut told, mut trimmed, mut forgotten) = (0, 0, 0);
    for seed in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let sqlite = open(dir.path()).await;
        let model = crate::store::ModelStore::new();
        let mut random = Random(seed);
        let (mut ids, mut now_ms) = (Vec::new(), 0);
        for number in 0..250 {
            now_ms += match random.below(30) {
                0 => random.number(100 * HOUR),
                1..5 => random.number(HOUR),
                _ => random.number(30 * SECOND),
            };
            let before = snapshot(&sqlite, &ids, time(now_ms)).await;
            let Some(step) = before.step(&mut random, now_ms) else {
                continue;
            };
            if let Step::Create(webhook) = &step {
                ids.push(webhook.id);
            }
            let results = [
                execute(&sqlite, step.clone()).await,
                execute(&model, step.clone()).await,
            ];
            let context = format!("seed {seed}, step {number}: {step:?}");
            assert_eq!(results[0], results[1], "{context}");
            let found = snapshot(&sqlite, &ids, time(now_ms)).await;
            let expected = snapshot(&model, &ids, time(now_ms)).await;
            assert_eq!(found, expected, "{context}");
            found.check();
            told += u32::from(matches!(step, Step::Record(_)) && found.last > before.last);
            trimmed += u32::from(found.trimmed > before.trimmed);
            forgotten += u32::from(matches!(step, Step::Forget(_)) && results[0] != "Ok(0)");
        }
        sqlite.close().await;
    }
    let counts = [told, trimmed, forgotten];
    assert!(counts.iter().all(|count| *count > 5), "{counts:?}");
}
