//! How `check-config` prints typed values.

use reqwest::Url;
use secrecy::SecretString;
use serde::Serializer;

/// Printed in place of every secret.
pub(crate) const MASK: &str = "***";

/// Serialises a secret as the mask.
pub(crate) fn masked<S: Serializer>(_: &SecretString, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(MASK)
}

/// Serialises an optional secret as the mask.
pub(crate) fn masked_option<S: Serializer>(
    secret: &Option<SecretString>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => out.serialize_some(MASK),
        None => out.serialize_none(),
    }
}

/// Serialises a URL, which must not contain credentials.
pub(crate) fn url_text<S: Serializer>(url: &Url, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(url.as_str())
}

/// Serialises an optional URL.
pub(crate) fn optional_url_text<S: Serializer>(
    url: &Option<Url>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match url {
        Some(url) => url_text(url, out),
        None => out.serialize_none(),
    }
}

/// Masks the digest of a key as well: the key behind it could be guessed if it is short.
pub(crate) fn masked_digest<S: Serializer>(_: &[u8; 32], out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(MASK)
}
