//! The callers that may get events.

use std::fmt;
use std::sync::Arc;

use crate::domain::webhook::Webhook;
use crate::store::EventFilter;

/// For the name of a caller that may get events: whether it is an operator.
type Find = dyn Fn(&str) -> Option<bool> + Send + Sync;

/// The present callers of this gateway.
#[derive(Clone)]
pub struct Recipients(Arc<Find>);

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
    /// The callers that the function knows: for a caller that may get events, it returns whether it is an operator.
    #[must_use]
    pub fn new(find: impl Fn(&str) -> Option<bool> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// The events that the webhook gets; none if its owner is not a caller any more, or has lost the scope that it needs.
    pub(super) fn scope(&self, webhook: &Webhook) -> Option<Scope> {
        let is_operator = (self.0)(&webhook.owner)?;
        match (webhook.all_callers, is_operator) {
            (false, _) => Some(Scope::Own(webhook.owner.clone())),
            (true, true) => Some(Scope::All),
            (true, false) => None,
        }
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipients")
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
    fn events_follow_the_present_callers() {
        let recipients = Recipients::new(|name| match name {
            "app" => Some(false),
            "desk" => Some(true),
            _ => None,
        });
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
