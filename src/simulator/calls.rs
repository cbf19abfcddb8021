//! Records calls and their effects, so that a test can check whether a payment was sent twice.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::faults::Fault;
use super::op::Method;
use super::script::Subject;

const KEPT: usize = 10_000;

/// One call to `/router/rest` or `/token`. Contains no personal data and no secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Sequence number, from 1, since the start or the last reset.
    pub number: u64,
    /// When it arrived, RFC 3339.
    pub at: String,
    /// The method.
    pub method: Method,
    /// The caller's number of the order.
    pub out_order_no: Option<String>,
    /// TOP's id of the order.
    pub order_id: Option<String>,
    /// The fault that was injected.
    pub fault: Option<Fault>,
    /// Whether the call had the effect of its method.
    pub effect: bool,
    /// `ok`, `refused`, or `error <code>`.
    pub outcome: String,
}

/// How many calls of a method were received, and how many had an effect.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Counts {
    received: u64,
    effects: u64,
}

/// The newest calls, and counters over all calls.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    last: u64,
    kept: VecDeque<Call>,
    counts: BTreeMap<Method, Counts>,
}

/// The matching calls, with their counts per method.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    items: Vec<Call>,
    counts: BTreeMap<Method, Counts>,
}

impl CallLog {
    pub(super) fn record(
        &mut self,
        at: jiff::Timestamp,
        method: Method,
        subject: Subject,
        fault: Option<Fault>,
        effect: bool,
        outcome: String,
    ) {
        self.last += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Call {
            number: self.last,
            at: at.to_string(),
            method,
            out_order_no: subject.out_order_no,
            order_id: subject.order_id.map(|id| id.to_string()),
            fault,
            effect,
            outcome,
        });
        let counts = self.counts.entry(method).or_default();
        counts.received += 1;
        counts.effects += u64::from(effect);
    }

    pub(super) fn report(
        &self,
        method: Option<Method>,
        out_order_no: Option<&str>,
        order_id: Option<&str>,
    ) -> Report {
        let fits = |call: &&Call| {
            method.is_none_or(|method| call.method == method)
                && out_order_no.is_none_or(|no| call.out_order_no.as_deref() == Some(no))
                && order_id.is_none_or(|id| call.order_id.as_deref() == Some(id))
        };
        let items: Vec<Call> = self.kept.iter().filter(fits).cloned().collect();
        let mut counts: BTreeMap<Method, Counts> = Method::all()
            .map(|method| (method, Counts::default()))
            .collect();
        if out_order_no.is_none() && order_id.is_none() {
            // Count all calls, including those no longer kept.
            counts.extend(
                self.counts
                    .iter()
                    .map(|(method, counts)| (*method, *counts)),
            );
        } else {
            for call in &items {
                let counts = counts.entry(call.method).or_default();
                counts.received += 1;
                counts.effects += u64::from(call.effect);
            }
        }
        Report { items, counts }
    }
}
