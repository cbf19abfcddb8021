//! How typed values are shown again by `check-config`.

use secrecy::SecretString;
use serde::Serializer;

/// What stands for every secret.
pub(crate) const MASK: &str = "***";

/// A secret, as its mask.
pub(crate) fn masked<S: Serializer>(_: &SecretString, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(MASK)
}

/// A secret that may be missing.
pub(crate) fn masked_option<S: Serializer>(
    secret: &Option<SecretString>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => out.serialize_some(MASK),
        None => out.serialize_none(),
    }
}

/// The digest of a key. It tells nothing of a long random key, but much of a short one.
pub(crate) fn masked_digest<S: Serializer>(_: &[u8; 32], out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(MASK)
}
