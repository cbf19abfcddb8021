//! `[top.refund]` and `[top.change]`: parameters of Fliggy's after-sales methods.

use std::collections::BTreeMap;
use std::time::Duration;

use config::{Value, ValueKind};
use serde::{Serialize, Serializer};

use super::table::Table;
use super::value;
use crate::domain::change::ChangeKind;
use crate::domain::refund::{EmptyFee, RefundKind};

/// `[top.refund]`.
#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    /// How an unknown fee is sent: `absent`, `null` or `""`.
    #[serde(serialize_with = "empty_fee_word")]
    pub empty_fee: EmptyFee,
    /// How long a quote is accepted.
    #[serde(with = "humantime_serde")]
    pub quote_ttl: Duration,
    /// Fliggy's codes (`refund_apply_type`) for grounds of refunds, in addition to the two known codes.
    pub kinds: BTreeMap<RefundKind, i64>,
}

/// `[top.change]`.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// Fliggy's codes (`change_reason_type`) for grounds of changes; they replace the inferred codes.
    pub kinds: BTreeMap<ChangeKind, i64>,
}

impl Refund {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let empty_fee = table.required("empty_fee", empty_fee);
        let quote_ttl = table.required("quote_ttl", value::duration);
        let kinds = numbers(table.table("kinds"), &RefundKind::ALL, RefundKind::as_str);
        table.finish();
        Some(Self {
            empty_fee: empty_fee?,
            quote_ttl: quote_ttl?,
            kinds,
        })
    }
}

impl Change {
    pub(crate) fn read(mut table: Table<'_>) -> Self {
        let kinds = numbers(table.table("kinds"), &ChangeKind::ALL, ChangeKind::as_str);
        table.finish();
        Self { kinds }
    }
}

/// Fliggy's code for each kind that the table contains.
fn numbers<K: Copy + Ord>(
    mut table: Table<'_>,
    all: &[K],
    word: fn(K) -> &'static str,
) -> BTreeMap<K, i64> {
    let found = all
        .iter()
        .filter_map(|kind| Some((*kind, table.optional(word(*kind), number)?)))
        .collect();
    table.finish();
    found
}

/// An integer from 0 to 1,000,000; the environment supplies it as text.
fn number(value: &Value) -> Result<i64, String> {
    let number = match &value.kind {
        ValueKind::I64(number) => Some(*number),
        ValueKind::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| (0..=1_000_000).contains(number))
        .ok_or_else(|| "expected Fliggy's number, an integer from 0 to 1000000".to_owned())
}

const EMPTY_FEES: [(&str, EmptyFee); 3] = [
    ("absent", EmptyFee::Absent),
    ("null", EmptyFee::Null),
    ("", EmptyFee::Empty),
];

fn empty_fee(value: &Value) -> Result<EmptyFee, String> {
    let word = match &value.kind {
        ValueKind::String(word) => Some(word.trim()),
        _ => None,
    };
    EMPTY_FEES
        .iter()
        .find(|(known, _)| word == Some(known))
        .map(|(_, fee)| *fee)
        .ok_or_else(|| "expected `absent`, `null` or an empty string".to_owned())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde requires"
)]
fn empty_fee_word<S: Serializer>(fee: &EmptyFee, out: S) -> Result<S::Ok, S::Error> {
    let word = EMPTY_FEES.iter().find(|(_, known)| known == fee);
    out.serialize_str(word.map_or("absent", |(word, _)| word))
}
