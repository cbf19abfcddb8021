//! Controls: what lookups have found. A lookup that finds nothing is evidence of absence only if a lookup of the same
//! kind finds something that is known to exist.

use serde::{Deserialize, Serialize};

use crate::domain::ids::HashKey;

/// A kind of lookup whose empty result is evidence that nothing was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupKind {
    /// An order by its `out_order_no`.
    OrderByReference,
    /// The refunds of an order.
    RefundsOfOrder,
    /// The changes of an order.
    ChangesOfOrder,
}

impl LookupKind {
    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderByReference => "order_by_reference",
            Self::RefundsOfOrder => "refunds_of_order",
            Self::ChangesOfOrder => "changes_of_order",
        }
    }
}

/// Something that is known to exist on an account. Looking it up is the control for lookups that find nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The kind of lookup.
    pub lookup: LookupKind,
    /// What was looked up: an `out_order_no`, or the id of an order.
    pub key: String,
    /// The session under which a lookup last found it; none if it is known only from a response to a write.
    pub session: Option<SessionTag>,
    /// When it was found, in store time (ms).
    pub at_ms: i64,
}

/// A keyed hash that identifies a session of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTag(String);

impl SessionTag {
    /// The tag of a session.
    #[must_use]
    pub fn new(key: &HashKey, session: &str) -> Self {
        let mac = key.mac(&[b"session", session.as_bytes()]);
        Self(hex::encode(&mac[..16]))
    }

    /// A tag read from the store.
    #[must_use]
    pub fn from_store(text: String) -> Self {
        Self(text)
    }

    /// The tag for the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
