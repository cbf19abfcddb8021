//! The shared samples of the contract, for the tests in this folder.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;

use crate::domain::ids::{AccountName, ChangeOrderNo, HashKey, OrderId};
use crate::domain::money::Money;
use crate::domain::operation::intent;
use crate::domain::order::OrderPassenger;
use crate::domain::refund::{RefundFee, RefundKind};
use crate::domain::time::LocalTime;
use crate::domain::vocabulary::Vocabulary;
use crate::top::envelope::{self, Envelope};
use crate::top::method::{Answer, Method};
use crate::top::wire;
use crate::translate::Context;

/// The bytes of a sample: `side` is `request` or `response`.
pub(super) fn bytes<M: Method>(side: &str) -> Vec<u8> {
    let file = format!("openapi/top/samples/{}.{side}.json", M::NAME);
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The context used by the tests in this folder.
pub(super) fn context() -> Context<'static> {
    static HELD: LazyLock<(Vocabulary, HashKey, AccountName)> = LazyLock::new(|| {
        let key = HashKey::new([1; 32]);
        (Vocabulary::default(), key, "main".parse().unwrap())
    });
    let (vocabulary, key, account) = &*HELD;
    Context {
        vocabulary,
        key,
        account,
        now: now(),
    }
}

/// A time after all times in the samples.
pub(super) fn now() -> LocalTime {
    "2030-05-03T10:00:00+08:00".parse().unwrap()
}

/// A sample as JSON.
pub(super) fn json<M: Method>(side: &str) -> Value {
    serde_json::from_slice(&bytes::<M>(side)).unwrap()
}

/// The sample response, decoded.
pub(super) fn answer<M: Method>() -> M::Answer {
    match envelope::decode(M::NAME, &bytes::<M>("response")).unwrap() {
        Envelope::Answer(answer) => answer,
        Envelope::Error(error) => panic!("{error:?}"),
    }
}

/// Compares a request with the sample, field by field.
#[track_caller]
pub(super) fn same_request<M: Method>(request: &M::Request) {
    let ours = serde_json::to_value(request).unwrap();
    assert_eq!(serde_json::json!({ M::PARAM: ours }), json::<M>("request"));
}

/// The passenger in the samples of refunds and changes, as in the sample order.
pub(super) fn traveller() -> OrderPassenger {
    let order = super::detail::answer(answer::<wire::QueryOrderDetail>(), &context());
    order.unwrap().passengers.swap_remove(0)
}

/// The refund in the samples, as requested.
pub(super) fn refund() -> intent::Refund {
    intent::Refund {
        order_id: OrderId::new(1_234_125_412).unwrap(),
        out_refund_no: "TESTR20300502000001".parse().unwrap(),
        refund_kind: RefundKind::FlightChanged,
        passengers: Vec::new(),
        fee: RefundFee::Known(Money::parse("72").unwrap()),
        with_attachment: true,
    }
}

/// The change in the samples, as requested.
pub(super) fn change() -> intent::Change {
    intent::Change {
        order_id: OrderId::new(1_234_125_412).unwrap(),
        out_change_no: "TESTC20300502000001".parse().unwrap(),
        passengers: Vec::new(),
        targets: Vec::new(),
        max_total: Money::parse("40").ok(),
    }
}

/// The payment of that change.
pub(super) fn change_pay() -> intent::ChangePay {
    intent::ChangePay {
        change_order_no: ChangeOrderNo::new(4_988_000_000_001).unwrap(),
        total: Money::parse("40").unwrap(),
    }
}

/// The cancellation of that change.
pub(super) fn change_cancel() -> intent::ChangeCancel {
    intent::ChangeCancel {
        change_order_no: change_pay().change_order_no,
    }
}

#[test]
fn all_samples_report_success() {
    fn check<M: Method>() {
        let answer = answer::<M>();
        assert_eq!(answer.verdict().is_success, Some(true), "{}", M::NAME);
        assert!(answer.verdict().request_id.is_some(), "{}", M::NAME);
    }
    check::<wire::Search>();
    check::<wire::AirBook>();
    check::<wire::Close>();
    check::<wire::Pay>();
    check::<wire::QueryOrderList>();
    check::<wire::QueryOrderDetail>();
    check::<wire::RefundRender>();
    check::<wire::RefundCreate>();
    check::<wire::RefundDetail>();
    check::<wire::RefundList>();
    check::<wire::Upload>();
    check::<wire::ChangeCreate>();
    check::<wire::ChangePay>();
    check::<wire::ChangeCancel>();
    check::<wire::ChangeQuery>();
    check::<wire::FlightChangeQuery>();
}

/// Applies the mutations to the sample response, and translates it if it is still readable.
fn survives<M: Method, T>(changes: &[(usize, u8, u8)], translate: impl FnOnce(M::Answer) -> T) {
    let body = mutated(bytes::<M>("response"), changes);
    if let Ok(Envelope::Answer(answer)) = envelope::decode(M::NAME, &body) {
        translate(answer);
    }
    let _ = envelope::inner_raw(&body);
}

fn mutated(mut body: Vec<u8>, changes: &[(usize, u8, u8)]) -> Vec<u8> {
    for (at, kind, byte) in changes {
        let at = at % body.len().max(1);
        match kind % 4 {
            0 if at < body.len() => body[at] = *byte,
            1 if at < body.len() => {
                body.remove(at);
            }
            2 => body.insert(at, *byte),
            _ => body.truncate(at.max(1)),
        }
    }
    body
}

proptest! {
    /// A response mutated in any way is read and translated without a panic.
    #[test]
    fn mutated_responses_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6)
    ) {
        let context = context();
        survives::<wire::Search, _>(&changes, |answer| {
            super::search::answer(answer, &context)
        });
        survives::<wire::QueryOrderDetail, _>(&changes, |answer| {
            super::detail::answer(answer, &context)
        });
        survives::<wire::QueryOrderList, _>(&changes, |answer| {
            super::list::answer(answer, &context)
        });
        survives::<wire::RefundRender, _>(&changes, |answer| {
            super::refund_render::answer(answer, &context)
        });
        survives::<wire::RefundCreate, _>(&changes, |answer| {
            super::refund_create::answer(answer, &refund(), &context)
        });
        survives::<wire::RefundDetail, _>(&changes, |answer| {
            super::refund_detail::answer(answer, &context)
        });
        survives::<wire::RefundList, _>(&changes, |answer| {
            super::refund_list::answer(answer, &context)
        });
        survives::<wire::Upload, _>(&changes, |answer| {
            super::upload::answer(answer, &context)
        });
        survives::<wire::ChangeCreate, _>(&changes, |answer| {
            super::change_create::answer(answer, &change(), &context)
        });
        survives::<wire::ChangePay, _>(&changes, |answer| {
            super::change_pay::answer(answer, &change_pay(), &context)
        });
        survives::<wire::ChangeCancel, _>(&changes, |answer| {
            super::change_cancel::answer(answer, &change_cancel(), &context)
        });
        survives::<wire::ChangeQuery, _>(&changes, |answer| {
            super::change_query::answer(answer, &context)
        });
        survives::<wire::FlightChangeQuery, _>(&changes, |answer| {
            super::flight_changes::answer(answer, &context)
        });
    }

    /// A truncated body is never read as a response.
    #[test]
    fn a_truncated_response_is_unreadable(part in 0.0..1.0_f64) {
        let body = bytes::<wire::Pay>("response");
        let end = body.iter().rposition(|b| *b == b'}').unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let cut = (end as f64 * part) as usize;
        prop_assert!(envelope::decode::<wire::PayResponse>(wire::Pay::NAME, &body[..cut]).is_err());
    }
}
