//! Secrets: as the store keeps them, and as they are shown once.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};

/// Data that only the configured seal key can read.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(***)")
    }
}

/// A new secret, which is shown once: in the response that creates it.
pub struct NewSecret(SecretString);

impl NewSecret {
    /// This secret.
    #[must_use]
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSecret(***)")
    }
}

impl Serialize for NewSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}
