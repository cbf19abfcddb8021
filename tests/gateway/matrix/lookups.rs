//! Faults of the lookups by which the gateway finds the outcome of a write.

use std::time::Duration;

use fliggy_gateway::domain::operation::Kind;
use fliggy_gateway::simulator::Fault;
use futures::StreamExt;
use serde_json::{Value, json};

use super::cell::{method, prepared};
use super::word;
use crate::other_resources::somebody_else;
use crate::world::World;

/// Faults under which a lookup reports nothing about any order, refund or change.
fn is_inconclusive(fault: Fault) -> bool {
    match fault {
        Fault::HangThenSucceed
        | Fault::HangThenNothing
        | Fault::TimeoutDone
        | Fault::TimeoutNothing
        | Fault::BusinessTimeoutDone
        | Fault::BusinessTimeoutNothing
        | Fault::ErrorAfterSuccess
        | Fault::SystemErrorNothing
        | Fault::LateVisibility
        | Fault::LookupError
        | Fault::LookupSystemError
        | Fault::Html502
        | Fault::Html502Nothing
        | Fault::Http500Empty
        | Fault::Redirect307
        | Fault::CutJson
        | Fault::CutBody
        | Fault::Empty200
        | Fault::ResetBefore
        | Fault::ResetAfter
        | Fault::Refuse
        | Fault::RefuseUnlisted
        | Fault::HugeAnswer
        | Fault::GzipBomb
        | Fault::DeepJson
        | Fault::ClockSkew
        | Fault::InvalidSession
        | Fault::IpNotAllowed
        | Fault::AppCallLimited
        | Fault::AnotherOrder => true,
        Fault::LookupNotFoundOnce
        | Fault::LookupNotFound
        | Fault::SuccessWithoutEffect
        | Fault::WrongReference
        | Fault::Slow
        | Fault::MissingIsSuccess
        | Fault::PriceJump
        | Fault::UnknownStatus
        | Fault::CalculateFailed
        | Fault::FeesLater => false,
    }
}

/// Faults that would delay the lookups of all other operations in the world.
fn delays_others(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::AppCallLimited | Fault::GzipBomb | Fault::HugeAnswer
    )
}

/// The method of the lookup for this kind.
fn lookup(kind: Kind) -> &'static str {
    match kind {
        Kind::Book | Kind::Pay | Kind::Close => "detail",
        Kind::Refund => "refund_list",
        Kind::Change | Kind::ChangePay | Kind::ChangeCancel => "change_query",
    }
}

/// Sends a write that gets no usable response. Once Fliggy has received the write, its lookups fail
/// this many times, or always. Returns the operation.
async fn lost(
    world: &World,
    kind: Kind,
    number: &str,
    write_fault: &str,
    lookups: Fault,
    times: Option<u32>,
) -> String {
    let only = json!({"out_order_no": number});
    let (path, body) = prepared(world, kind, number).await;
    // The reads before the send must not fail. The delayed response leaves time to inject the fault
    // into the later reads.
    world
        .fault(
            json!({"method": kind.as_str(), "fault": write_fault, "delay_ms": 300, "match": only}),
        )
        .await;
    let broken = async {
        world.until_received_for(method(kind), number, 1).await;
        world
            .fault(json!({"method": lookup(kind), "fault": lookups, "times": times, "match": only}))
            .await;
    };
    let (first, ()) = tokio::join!(world.sent(&path, number, &body, 0), broken);
    assert_eq!(first.status, 202, "{first:?}");
    first.operation().to_owned()
}

async fn ends(
    world: &World,
    kinds: &[Kind],
    faults: impl Fn(Fault) -> bool,
    write_fault: &str,
    times: Option<u32>,
) -> Vec<(Kind, Fault, Value, u64)> {
    let all = kinds.iter().flat_map(|kind| {
        let faults = Fault::ALL.into_iter().filter(|fault| faults(*fault));
        faults.map(|fault| (*kind, fault))
    });
    futures::stream::iter(all.collect::<Vec<_>>())
        .map(|(kind, fault)| async move {
            let number = format!("LOST.{}.{}", kind.as_str(), word(fault));
            let id = lost(world, kind, &number, write_fault, fault, times).await;
            let operation = world
                .until(&id, |o| {
                    o["state"] == "needs_attention" || !o["settled_at"].is_null()
                })
                .await;
            let calls = world.received_for(method(kind), &number).await;
            (kind, fault, operation["state"].clone(), calls)
        })
        .buffer_unordered(12)
        .collect()
        .await
}

async fn executed_writes_are_found(kinds: &[Kind]) {
    // Book an order first, so that a lookup proves that lookups work before a false "not found".
    let world = World::start().await;
    world.booked("PROOF").await;
    for (kind, fault, state, calls) in ends(&world, kinds, |_| true, "timeout_done", Some(3)).await
    {
        let found = (state, calls);
        assert_eq!(found, (json!("succeeded"), 1), "{kind:?} {fault:?}");
    }
}

async fn unseen_writes_are_never_absent(kinds: &[Kind]) {
    let attention_after = ("GATEWAY__RECONCILE__ATTENTION_AFTER", "2s");
    let world = World::start_with(&[attention_after], |simulator| {
        simulator.timing.hang_limit = Duration::from_millis(600);
    })
    .await;
    world.booked("PROOF").await;
    somebody_else(&world).await;
    let faults = |fault| is_inconclusive(fault) && !delays_others(fault);
    for (kind, fault, state, calls) in ends(&world, kinds, faults, "timeout_nothing", None).await {
        let found = (state, calls);
        assert_eq!(found, (json!("needs_attention"), 1), "{kind:?} {fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_that_was_executed_is_found_whatever_its_lookups_return() {
    executed_writes_are_found(&[Kind::Book]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_or_a_close_that_was_executed_is_found_whatever_its_lookups_return() {
    executed_writes_are_found(&[Kind::Pay, Kind::Close]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_was_applied_for_is_found_whatever_its_lookups_return() {
    executed_writes_are_found(&[Kind::Refund]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_created_paid_or_cancelled_is_found_whatever_its_lookups_return() {
    executed_writes_are_found(&[Kind::Change, Kind::ChangePay, Kind::ChangeCancel]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inconclusive_lookups_never_prove_a_booking_absent() {
    unseen_writes_are_never_absent(&[Kind::Book]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inconclusive_lookups_never_prove_a_payment_or_a_close_absent() {
    unseen_writes_are_never_absent(&[Kind::Pay, Kind::Close]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inconclusive_lookups_never_prove_a_refund_absent() {
    unseen_writes_are_never_absent(&[Kind::Refund]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inconclusive_lookups_never_prove_a_change_its_payment_or_cancellation_absent() {
    unseen_writes_are_never_absent(&[Kind::Change, Kind::ChangePay, Kind::ChangeCancel]).await;
}
