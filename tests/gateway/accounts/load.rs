//! Sessions that are replaced and revoked while searches and bookings run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};

use super::{CONFIGURED, add, entered, read, revoke};
use crate::ticket::{PATIENT, problem};
use crate::world::{World, booking, search_on};

/// What a lookup says that TOP refused.
const NOT_READ: &str = "upstream could not be read";
const SEARCHES: usize = 200;
const BOOKINGS: usize = 60;
const REPLACEMENTS: usize = 10;

#[tokio::test]
async fn replacing_sessions_under_load_loses_nothing_and_repeats_nothing() {
    let world = World::start_with(PATIENT, |_| {}).await;
    let offer = world.offer().await;
    let finished = AtomicUsize::new(0);
    let counts = Counts::default();

    let searches = futures::stream::iter(0..SEARCHES)
        .map(async |index| {
            // Equal searches would share one call.
            let day = format!("2030-05-{:02}", index % 28 + 1);
            let body = search_on("BJS", "XMN", &day);
            let found = world.post_with("/v1/flights/search", &[], &body).await;
            if found.status != 200 {
                assert_eq!(problem(&found), (502, "session_invalid"), "{found:?}");
            }
            finished.fetch_add(1, Ordering::Relaxed);
        })
        .buffer_unordered(12)
        .collect::<()>();
    let bookings = futures::stream::iter(0..BOOKINGS)
        .map(|index| {
            let number = format!("LOAD-{index}");
            let body = booking(&offer, &number);
            book(&world, number, body, &counts)
        })
        .buffer_unordered(6)
        .collect::<()>();
    let replacements = async {
        let mut old = CONFIGURED.to_owned();
        for index in 1..=REPLACEMENTS {
            let due = index * SEARCHES / (REPLACEMENTS + 1);
            while finished.load(Ordering::Relaxed) < due {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let new = format!("session-{index}");
            add(&world, "default", &new).await;
            // Half of the sessions are replaced in time, the others after TOP has refused them for a booking.
            if index % 2 == 0 {
                revoke(&world, &old).await;
                let before = counts.refused.load(Ordering::Relaxed);
                while counts.refused.load(Ordering::Relaxed) == before
                    && counts.booked.load(Ordering::Relaxed) < BOOKINGS
                {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            entered(&world, "default", &json!({"session": new})).await;
            if index % 2 == 1 {
                revoke(&world, &old).await;
            }
            old = new;
        }
    };
    let ((), (), ()) = tokio::join!(searches, bookings, replacements);

    for index in 0..BOOKINGS {
        let number = format!("LOAD-{index}");
        assert_eq!(world.ledger(&number).await.len(), 1, "{number}");
        assert_eq!(world.effects(&number, "book").await, 1, "{number}");
    }
    let all = world.get("/_simulator/calls").await.body;
    for call in all["items"].as_array().unwrap() {
        // Never an invalid signature, which would show a call with parts of two sessions. A lookup that finds no order is
        // refused.
        let is_expected = match call["outcome"].as_str().unwrap() {
            "ok" | "error 27" => true,
            "refused" => call["method"] == "queryorderdetail",
            _ => false,
        };
        assert!(is_expected, "{call}");
    }
    // No refusal of a replaced session concerns the one in force.
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["state"], "valid", "{found:#}");
    assert!(counts.refused.load(Ordering::Relaxed) > 0);
}

#[derive(Default)]
struct Counts {
    booked: AtomicUsize,
    /// Attempts that were refused because of the session.
    refused: AtomicUsize,
}

/// Books until it succeeds, under the same key.
async fn book(world: &World, number: String, body: Value, counts: &Counts) {
    loop {
        let answer = world.sent("/v1/orders", &number, &body, 20).await;
        match answer.status {
            201 => break,
            202 => {
                let id = answer.operation();
                let operation = world
                    .until(id, |o| o["state"] != "unknown" && o["state"] != "sending")
                    .await;
                assert_eq!(operation["state"], "succeeded", "{operation:#}");
                break;
            }
            _ => {
                // A repetition looks up the earlier attempt first. That lookup may be refused or overtaken, too.
                let detail = answer.body["detail"].as_str().unwrap();
                let is_inconclusive =
                    detail.contains("replaced during the") || detail.starts_with(NOT_READ);
                let expected = if is_inconclusive {
                    (503, "upstream_unavailable")
                } else {
                    (502, "session_invalid")
                };
                assert_eq!(problem(&answer), expected, "{answer:?}");
                assert_eq!(answer.body["side_effects"], "none");
                let operation = world.operation(answer.operation()).await;
                assert_eq!(operation["state"], "not_executed", "{operation:#}");
                let basis = operation["basis"].as_str().unwrap();
                let is_free = ["not_sent", "refused_by_gateway"].contains(&basis);
                assert!(is_free, "{operation:#}");
                counts.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    counts.booked.fetch_add(1, Ordering::Relaxed);
}
