//! The shared samples of the contract, for the tests of this folder.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use crate::top::envelope::{self, Envelope};
use crate::top::method::{Answer, Method};
use crate::top::wire;

/// The bytes of a sample: `side` is `request` or `response`.
pub(super) fn bytes(method: &str, side: &str) -> Vec<u8> {
    let file = format!("openapi/top/samples/alitrip.flight.service.{method}.{side}.json");
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// A sample as JSON.
pub(super) fn json(method: &str, side: &str) -> Value {
    serde_json::from_slice(&bytes(method, side)).unwrap()
}

/// The sample answer, decoded.
pub(super) fn answer<M: Method>(method: &str) -> M::Answer {
    match envelope::decode(M::NAME, &bytes(method, "response")).unwrap() {
        Envelope::Answer(answer) => answer,
        Envelope::Error(error) => panic!("{error:?}"),
    }
}

/// Holds a request against the sample, number by number and field by field.
#[track_caller]
pub(super) fn same_request<M: Method>(request: &M::Request, method: &str) {
    let ours = serde_json::to_value(request).unwrap();
    assert_eq!(
        serde_json::json!({ M::PARAM: ours }),
        json(method, "request")
    );
}

#[test]
fn all_samples_say_they_worked() {
    fn check<M: Method>(method: &str) {
        let answer = answer::<M>(method);
        assert_eq!(answer.verdict().is_success, Some(true), "{method}");
        assert!(answer.verdict().request_id.is_some(), "{method}");
    }
    check::<wire::Search>("search");
    check::<wire::AirBook>("airbook");
    check::<wire::Close>("close");
    check::<wire::Pay>("pay");
    check::<wire::QueryOrderList>("queryorderlist");
    check::<wire::QueryOrderDetail>("queryorderdetail");
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
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever happens to an answer on its way, reading and translating it does not panic.
    #[test]
    fn mutated_answers_never_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6)
    ) {
        let key = crate::domain::ids::HashKey::new([1; 32]);
        let account = "main".parse().unwrap();
        let statuses = crate::domain::order::StatusMap::default();
        let search = mutated(bytes("search", "response"), &changes);
        if let Ok(Envelope::Answer(answer)) = envelope::decode(wire::Search::NAME, &search) {
            let _ = super::search::answer(answer);
        }
        let detail = mutated(bytes("queryorderdetail", "response"), &changes);
        if let Ok(Envelope::Answer(answer)) =
            envelope::decode(wire::QueryOrderDetail::NAME, &detail)
        {
            let _ = super::detail::answer(answer, &statuses, &key, &account);
        }
        let list = mutated(bytes("queryorderlist", "response"), &changes);
        if let Ok(Envelope::Answer(answer)) = envelope::decode(wire::QueryOrderList::NAME, &list) {
            let _ = super::list::answer(answer, &statuses, &key, &account);
        }
        let _ = envelope::inner_raw(&list);
    }

    /// A body that was cut is never taken for an answer.
    #[test]
    fn a_cut_answer_is_unreadable(part in 0.0..1.0_f64) {
        let body = bytes("pay", "response");
        let end = body.iter().rposition(|b| *b == b'}').unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let cut = (end as f64 * part) as usize;
        prop_assert!(envelope::decode::<wire::PayResponse>(wire::Pay::NAME, &body[..cut]).is_err());
    }
}
