//! The callers that may get events.

use std::collections::BTreeMap;

use crate::domain::webhook::Webhook;
use crate::store::EventFilter;

/// The callers of this gateway, and whether each is an operator.
#[derive(Clone, Debug, Default)]
pub struct Recipients(BTreeMap<String, bool>);

/// The events that a webhook gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those of this caller.
    Own(String),
    /// Those of all callers.
    All,
}

// === impl Recipients ===

impl Recipients {
    /// These callers; the operators among them are marked.
    #[must_use]
    pub fn new(callers: impl IntoIterator<Item = (String, bool)>) -> Self {
        Self(callers.into_iter().collect())
    }

    /// The events that the webhook gets; none if its owner is not a caller any more, or has lost the role that it needs.
    pub(super) fn scope(&self, webhook: &Webhook) -> Option<Scope> {
        let is_operator = self.0.get(&webhook.owner)?;
        match (webhook.all_callers, is_operator) {
            (false, _) => Some(Scope::Own(webhook.owner.clone())),
            (true, true) => Some(Scope::All),
            (true, false) => None,
        }
    }
}

// === impl Scope ===

impl Scope {
    /// The events that the webhook wants after this position, at most this many.
    pub(super) fn events(self, webhook: &Webhook, after: i64, limit: u32) -> EventFilter {
        EventFilter {
            after,
            owner: match self {
                Self::Own(owner) => Some(owner),
                Self::All => None,
            },
            kinds: webhook.types.clone(),
            subject: None,
            limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_follow_the_present_keys_and_roles() {
        let recipients = Recipients::new([("app".to_owned(), false), ("desk".to_owned(), true)]);
        let scope = |owner: &str, all_callers| {
            recipients.scope(&Webhook {
                owner: owner.to_owned(),
                all_callers,
                ..Webhook::sample()
            })
        };
        assert_eq!(scope("app", false), Some(Scope::Own("app".to_owned())));
        assert_eq!(scope("desk", false), Some(Scope::Own("desk".to_owned())));
        assert_eq!(scope("desk", true), Some(Scope::All));
        assert_eq!(scope("app", true), None, "it is no operator any more");
        assert_eq!(scope("gone", false), None, "the key was removed");
    }
}
