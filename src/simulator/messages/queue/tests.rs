use super::*;

const LEASE: Duration = Duration::from_secs(300);

fn message(id: i64, published_steady: Duration) -> Message {
    Message {
        id,
        data_id: id,
        topic: "topic".into(),
        content: "{}".into(),
        group: "default".into(),
        user_id: 1,
        user_nick: "default".into(),
        published_at: jiff::Timestamp::UNIX_EPOCH,
        published_steady,
        deliveries: 0,
        failure: None,
    }
}

fn queue(ids: std::ops::Range<i64>) -> Queue {
    let mut queue = Queue::new(LEASE);
    for id in ids {
        queue.add(message(id, Duration::ZERO));
    }
    queue
}

fn lease(queue: &mut Queue, now: Duration) -> Option<i64> {
    queue.settle(now);
    queue.lease("default", now).map(|message| message.id)
}

#[test]
fn a_message_is_delivered_in_order_and_again_when_its_lease_ends() {
    let mut queue = queue(1..3);
    assert_eq!(lease(&mut queue, Duration::ZERO), Some(1));
    assert_eq!(lease(&mut queue, Duration::from_secs(1)), Some(2));
    assert_eq!(lease(&mut queue, LEASE - Duration::from_millis(1)), None);
    assert_eq!(queue.next_due(), Some(LEASE));
    let again = queue.settle(LEASE);
    assert!(again);
    let message = queue.lease("default", LEASE).unwrap();
    assert_eq!((message.id, message.deliveries), (1, 2));
    assert!(queue.lease("other", LEASE).is_none());
}

#[test]
fn a_confirmed_message_is_gone_even_after_a_failure() {
    let mut queue = queue(1..2);
    queue.confirm("default", 1);
    assert_eq!(lease(&mut queue, Duration::ZERO), Some(1));
    queue.confirm("other", 1);
    queue.fail(
        "default",
        1,
        Some("db down".to_owned()),
        Duration::from_secs(9),
    );
    assert_eq!(queue.rows()[0].state, RowState::Failed);
    assert_eq!(queue.next_due(), Some(LEASE + Duration::from_secs(9)));
    queue.confirm("default", 1);
    assert_eq!(lease(&mut queue, LEASE * 9), None);
    assert_eq!(queue.rows().len(), 1);
    assert_eq!(queue.rows()[0].state, RowState::Confirmed);
}

#[test]
fn a_late_confirmation_counts() {
    let mut queue = queue(1..2);
    assert_eq!(lease(&mut queue, Duration::ZERO), Some(1));
    queue.settle(LEASE);
    queue.confirm("default", 1);
    assert_eq!(lease(&mut queue, LEASE), None);
}

#[test]
fn messages_are_dropped_after_a_day_and_beyond_the_limit() {
    let mut queue = queue(1..2);
    queue.add(message(2, Duration::from_secs(60)));
    queue.settle(RETENTION);
    assert_eq!(queue.rows().len(), 1);
    queue.max = 2;
    queue.add(message(3, RETENTION));
    queue.add(message(4, RETENTION));
    assert_eq!(lease(&mut queue, RETENTION), Some(3));
    assert_eq!(lease(&mut queue, RETENTION), Some(4));
    assert_eq!(lease(&mut queue, RETENTION), None);
}

#[test]
fn a_held_message_follows_the_next_one() {
    let mut queue = queue(1..1);
    queue.hold(message(1, Duration::ZERO));
    assert_eq!(lease(&mut queue, Duration::ZERO), None);
    queue.add(message(2, Duration::ZERO));
    assert_eq!(lease(&mut queue, Duration::ZERO), Some(2));
    assert_eq!(lease(&mut queue, Duration::ZERO), Some(1));
}
