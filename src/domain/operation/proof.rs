//! Controls: what lookups have found, so that not finding something means something.

use serde::{Deserialize, Serialize};

use crate::domain::ids::HashKey;

/// A kind of lookup that tells of what was made by not finding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// An order by its `out_order_no`.
    OrderByReference,
    /// The refunds of an order.
    RefundsOfOrder,
    /// The changes of an order.
    ChangesOfOrder,
}

impl Lookup {
    /// The word of the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderByReference => "order_by_reference",
            Self::RefundsOfOrder => "refunds_of_order",
            Self::ChangesOfOrder => "changes_of_order",
        }
    }
}

/// What is known to be there on an account: looked up, it is the control of lookups that find nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The kind of lookup.
    pub lookup: Lookup,
    /// What was looked up: an `out_order_no`, or the id of an order.
    pub key: String,
    /// The session under which it was found last; none while it is known from an answer alone.
    pub session: Option<SessionTag>,
    /// When: store time in ms.
    pub at_ms: i64,
}

/// A session of an account, known again by a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTag(String);

impl SessionTag {
    /// The tag of a session.
    #[must_use]
    pub fn new(key: &HashKey, session: &str) -> Self {
        let mac = key.mac(&[b"session", session.as_bytes()]);
        Self(hex::encode(&mac[..16]))
    }

    /// The tag as the store has written it.
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
