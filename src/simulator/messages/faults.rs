//! Faults of the delivery of messages, injected by rules.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::simulator::script::{at_least_once, once};

/// A fault of the delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageFault {
    /// The message is never delivered.
    Drop,
    /// Two messages with different ids and the same content.
    Duplicate,
    /// The message can be delivered after `delay_ms`.
    Delay,
    /// The message is delivered after the next one of its group.
    Reorder,
    /// The message comes before lookups show what it reports; they do after `delay_ms`.
    Early,
    /// The connection is closed instead of the delivery; the message can be delivered again at once.
    Disconnect,
    /// A frame of random bytes before the message.
    Garbage,
    /// The content is the first half of its JSON.
    Unreadable,
    /// The content is gzip, whatever its length.
    Gzip,
    /// The numbers in the frame are big-endian.
    BigEndian,
}

impl MessageFault {
    /// All faults.
    pub const ALL: [MessageFault; 10] = [
        MessageFault::Drop,
        MessageFault::Duplicate,
        MessageFault::Delay,
        MessageFault::Reorder,
        MessageFault::Early,
        MessageFault::Disconnect,
        MessageFault::Garbage,
        MessageFault::Unreadable,
        MessageFault::Gzip,
        MessageFault::BigEndian,
    ];

    /// Whether it applies once to a message, when it is published, and not to each of its deliveries.
    fn is_of_publication(self) -> bool {
        match self {
            Self::Drop | Self::Duplicate | Self::Delay | Self::Reorder | Self::Early => true,
            Self::Disconnect | Self::Garbage | Self::Unreadable | Self::Gzip | Self::BigEndian => {
                false
            }
        }
    }
}

/// A rule for messages, as requested.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMessageRule {
    /// The fault to inject.
    pub fault: MessageFault,
    /// The topic that the rule applies to; any, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// How often: once by default; `null` means until the rules are deleted.
    #[serde(default = "once", deserialize_with = "at_least_once")]
    pub times: Option<u32>,
    /// `delay`: milliseconds before the delivery. `early`: milliseconds for which lookups do not show the fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
}

/// An active rule.
#[derive(Debug, Clone, Serialize)]
pub(in crate::simulator) struct MessageRule {
    #[serde(flatten)]
    rule: NewMessageRule,
    /// How often it was applied.
    struck: u32,
}

const MAX_RULES: usize = 1_000;

/// All rules. The first one that fits applies.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Rules(Vec<MessageRule>);

impl Rules {
    /// Adds a rule; None if there are too many.
    pub(in crate::simulator) fn add(&mut self, rule: NewMessageRule) -> Option<MessageRule> {
        if self.0.len() >= MAX_RULES {
            return None;
        }
        let rule = MessageRule { rule, struck: 0 };
        self.0.push(rule.clone());
        Some(rule)
    }

    pub(in crate::simulator) fn all(&self) -> &[MessageRule] {
        &self.0
    }

    pub(in crate::simulator) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of a message that is published, with its delay.
    pub(super) fn take_on_publish(
        &mut self,
        topic: &str,
    ) -> Option<(MessageFault, Option<Duration>)> {
        let rule = self.take(topic, MessageFault::is_of_publication)?;
        Some((rule.fault, rule.delay_ms.map(Duration::from_millis)))
    }

    /// The fault of a delivery, if it is one of those that are possible.
    pub(super) fn take_on_delivery(
        &mut self,
        topic: &str,
        possible: impl Fn(MessageFault) -> bool,
    ) -> Option<MessageFault> {
        let rule = self.take(topic, |fault| !fault.is_of_publication() && possible(fault))?;
        Some(rule.fault)
    }

    fn take(
        &mut self,
        topic: &str,
        fits: impl Fn(MessageFault) -> bool,
    ) -> Option<&NewMessageRule> {
        let rule = self.0.iter_mut().find(|active| {
            let rule = &active.rule;
            fits(rule.fault)
                && rule.topic.as_ref().is_none_or(|wanted| wanted == topic)
                && rule.times.is_none_or(|times| active.struck < times)
        })?;
        rule.struck = rule.struck.saturating_add(1);
        Some(&rule.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_row_in_the_documentation() {
        let page = include_str!("../../../docs/simulator.md");
        let (_, section) = page.split_once("## Messages").unwrap();
        for fault in MessageFault::ALL {
            let word = serde_json::to_value(fault).unwrap();
            let row = format!("| `{}` |", word.as_str().unwrap());
            assert!(section.contains(&row), "docs/simulator.md has no row {row}");
        }
    }

    #[test]
    fn a_rule_applies_to_its_topic_the_given_number_of_times() {
        let mut rules = Rules::default();
        let rule = r#"{"fault": "delay", "topic": "a", "times": 2, "delay_ms": 5}"#;
        rules.add(serde_json::from_str(rule).unwrap()).unwrap();
        let delay = Some((MessageFault::Delay, Some(Duration::from_millis(5))));
        assert_eq!(rules.take_on_publish("b"), None);
        assert_eq!(rules.take_on_delivery("a", |_| true), None);
        assert_eq!(rules.take_on_publish("a"), delay);
        assert_eq!(rules.take_on_publish("a"), delay);
        assert_eq!(rules.take_on_publish("a"), None);
        assert_eq!(rules.all()[0].struck, 2);
    }
}
