//! The message of a delivery.

use std::fmt;

use bytes::Bytes;

/// A message that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedMessage {
    /// The header `webhook-id`: the same for every attempt.
    pub id: String,
    /// The header `webhook-timestamp`: when the attempt was signed, in seconds since 1970.
    pub timestamp: i64,
    /// The header `webhook-signature`: one signature per secret in force, separated by spaces.
    pub signature: String,
    /// The body, exactly as it was signed.
    pub body: Bytes,
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedMessage")
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}
