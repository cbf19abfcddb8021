//! The two ways to request a fault: rules over HTTP and magic order numbers.

use std::collections::HashMap;

use serde::de::value::StrDeserializer;
use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::faults::Fault;
use super::op::{Method, Op};

/// The orders that a rule applies to. Empty: any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The caller's order number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_order_no: Option<String>,
    /// TOP's order id, as digits in a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}

/// A rule as requested.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    /// The method that the rule applies to.
    pub method: Method,
    /// The fault to inject.
    pub fault: Fault,
    /// How often: once by default; `null` means until it is deleted.
    #[serde(default = "once", deserialize_with = "at_least_once")]
    pub times: Option<u32>,
    /// The orders that the rule applies to.
    #[serde(rename = "match", default)]
    pub only: Match,
    /// Milliseconds before the response; for `late_visibility`, how long the effect is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// `late_visibility`: hidden for this number of lookups instead of a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookups: Option<u32>,
    /// `app_call_limited`: seconds the ban lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Text of a business refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Code of a business refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

pub(super) fn once() -> Option<u32> {
    Some(1)
}

pub(super) fn at_least_once<'de, D: Deserializer<'de>>(de: D) -> Result<Option<u32>, D::Error> {
    match Option::<u32>::deserialize(de)? {
        Some(0) => Err(D::Error::custom("times must be at least 1, or null")),
        times => Ok(times),
    }
}

/// An active rule.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rule {
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) rule: NewRule,
    /// How often it was applied.
    pub(super) struck: u32,
}

/// A fault to inject into the current call.
#[derive(Debug, Clone)]
pub(super) struct Strike {
    pub(super) fault: Fault,
    pub(super) delay_ms: Option<u64>,
    pub(super) lookups: Option<u32>,
    pub(super) seconds: Option<u32>,
    pub(super) text: Option<String>,
    pub(super) code: Option<String>,
}

/// The order that a call refers to, as far as known.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub(super) out_order_no: Option<String>,
    pub(super) order_id: Option<u64>,
    /// The refund that a call names; identifies the order.
    pub(super) refund_order_no: Option<u64>,
    /// The change that a call names; identifies the order.
    pub(super) change_order_no: Option<u64>,
}

const MAX_RULES: usize = 1_000;
const MAX_MAGIC: usize = 100_000;

/// All rules, and how often each magic number was applied.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    last_id: u64,
    rules: Vec<Rule>,
    magic: HashMap<(String, Op), u32>,
}

impl Scripts {
    /// Adds a rule; None if there are too many.
    pub(super) fn add(&mut self, rule: NewRule) -> Option<Rule> {
        if self.rules.len() >= MAX_RULES {
            return None;
        }
        self.last_id += 1;
        let rule = Rule {
            id: self.last_id,
            rule,
            struck: 0,
        };
        self.rules.push(rule.clone());
        Some(rule)
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
        self.magic.clear();
    }

    /// The fault for this call, if any: rules first, in the order of creation.
    pub(super) fn take(&mut self, op: Op, subject: &Subject) -> Option<Strike> {
        self.take_rule(op.into(), subject)
            .or_else(|| self.take_magic(op, subject.out_order_no.as_deref()?))
    }

    /// The fault of a rule for this call, if any, in the order of creation.
    pub(super) fn take_rule(&mut self, method: Method, subject: &Subject) -> Option<Strike> {
        let order_id = subject.order_id.map(|id| id.to_string());
        let fits = |wanted: &Option<String>, found: Option<&str>| match wanted {
            Some(wanted) => found == Some(wanted.as_str()),
            None => true,
        };
        let rule = self.rules.iter_mut().find(|rule| {
            let only = &rule.rule.only;
            rule.rule.method == method
                && rule.rule.times.is_none_or(|times| rule.struck < times)
                && fits(&only.out_order_no, subject.out_order_no.as_deref())
                && fits(&only.order_id, order_id.as_deref())
        })?;
        rule.struck = rule.struck.saturating_add(1);
        let asked = &rule.rule;
        Some(Strike {
            fault: asked.fault,
            delay_ms: asked.delay_ms,
            lookups: asked.lookups,
            seconds: asked.seconds,
            text: asked.text.clone(),
            code: asked.code.clone(),
        })
    }

    /// The fault that a magic number requests, until it has been applied often enough.
    pub(super) fn take_magic(&mut self, op: Op, out_order_no: &str) -> Option<Strike> {
        let fault = magic(out_order_no).find_map(|(at, fault)| (at == op).then_some(fault))?;
        let times = match fault {
            Fault::LookupNotFoundOnce => 1,
            _ if op.is_lookup() => 3,
            _ => 1,
        };
        if self.magic.len() >= MAX_MAGIC {
            self.magic.clear();
        }
        let struck = self.magic.entry((out_order_no.to_owned(), op)).or_default();
        if *struck >= times {
            return None;
        }
        *struck += 1;
        Some(Strike {
            fault,
            delay_ms: None,
            lookups: None,
            seconds: None,
            text: None,
            code: None,
        })
    }
}

/// The pairs of a magic number: `sim.book.hang_then_succeed.pay.reset_after.7`.
fn magic(out_order_no: &str) -> impl Iterator<Item = (Op, Fault)> {
    let mut words = out_order_no
        .strip_prefix("sim.")
        .unwrap_or_default()
        .split('.');
    std::iter::from_fn(move || {
        let de: StrDeserializer<'_, serde::de::value::Error> = words.next()?.into_deserializer();
        let op = Op::deserialize(de).ok()?;
        Some((op, Fault::parse(words.next()?)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_magic_number_names_one_fault_per_method() {
        let found: Vec<_> = magic("sim.book.hang_then_succeed.pay.html_502.7").collect();
        assert_eq!(
            found,
            [
                (Op::Book, Fault::HangThenSucceed),
                (Op::Pay, Fault::Html502)
            ]
        );
        assert_eq!(magic("sim.pay.no_such_fault.1").count(), 0);
        assert_eq!(magic("simple.pay.slow.1").count(), 0);
        assert_eq!(magic("TEST-1").count(), 0);
    }

    #[test]
    fn a_magic_number_applies_to_one_write_and_three_lookups() {
        let mut scripts = Scripts::default();
        let subject = Subject {
            out_order_no: Some("sim.pay.slow.detail.lookup_error.1".to_owned()),
            ..Subject::default()
        };
        let mut strikes = |op| {
            (0..5)
                .filter(|_| scripts.take(op, &subject).is_some())
                .count()
        };
        assert_eq!(strikes(Op::Pay), 1);
        assert_eq!(strikes(Op::Detail), 3);
        assert_eq!(strikes(Op::Close), 0);
    }

    #[test]
    fn a_rule_applies_to_its_order_the_given_number_of_times() {
        let mut scripts = Scripts::default();
        let rule =
            r#"{"method": "pay", "fault": "refuse", "times": 2, "match": {"out_order_no": "A"}}"#;
        scripts.add(serde_json::from_str(rule).unwrap()).unwrap();
        let of = |name: &str| Subject {
            out_order_no: Some(name.to_owned()),
            order_id: Some(1),
            ..Subject::default()
        };
        assert!(scripts.take(Op::Pay, &of("B")).is_none());
        assert!(scripts.take(Op::Close, &of("A")).is_none());
        assert!(scripts.take(Op::Pay, &of("A")).is_some());
        assert!(scripts.take(Op::Pay, &of("A")).is_some());
        assert!(scripts.take(Op::Pay, &of("A")).is_none());
    }
}
