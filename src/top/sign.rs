//! The signature of a TOP call.
//!
//! All text parameters, of the protocol and of the application, are sorted by name, concatenated without separators and
//! digested with the app secret. File parts and `sign` itself are excluded. The rules and all test vectors are public
//! (TOP article 101617, official SDKs).

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The signature method. The names are those of the wire parameter `sign_method` (documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum SignMethod {
    /// HMAC-SHA-256 with the secret as key.
    #[default]
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// HMAC-MD5 with the secret as key.
    #[serde(rename = "hmac")]
    Hmac,
    /// MD5 over secret, text, secret.
    #[serde(rename = "md5")]
    Md5,
}

impl SignMethod {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Hmac => "hmac",
            Self::Md5 => "md5",
        }
    }
}

impl fmt::Display for SignMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error for a name that is none of `hmac-sha256`, `hmac`, `md5`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sign_method must be one of hmac-sha256, hmac, md5")]
pub struct UnknownSignMethod;

impl FromStr for SignMethod {
    type Err = UnknownSignMethod;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "hmac-sha256" => Ok(Self::HmacSha256),
            "hmac" => Ok(Self::Hmac),
            "md5" => Ok(Self::Md5),
            _ => Err(UnknownSignMethod),
        }
    }
}

/// The text that is signed: `name` and `value` of every parameter, sorted by the bytes of the name.
///
/// `sign` and every pair whose name or value is empty or only whitespace are excluded, because the official client
/// neither signs nor sends such pairs. Values are used as they are, before any URL encoding.
#[must_use]
pub fn base_string<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<(&str, &str)> = params
        .filter(|(name, value)| {
            *name != "sign" && !name.trim().is_empty() && !value.trim().is_empty()
        })
        .collect();
    pairs.sort_by_key(|(name, _)| *name);
    let length = pairs.iter().map(|(name, value)| name.len() + value.len());
    let mut base = String::with_capacity(length.sum());
    for (name, value) in pairs {
        base.push_str(name);
        base.push_str(value);
    }
    base
}

/// The signature of a base string, in upper-case hexadecimal (32 or 64 characters).
#[must_use]
pub fn sign(method: SignMethod, secret: &SecretString, base: &str) -> String {
    let secret = secret.expose_secret().as_bytes();
    match method {
        SignMethod::HmacSha256 => {
            let digest = keyed::<Hmac<Sha256>>(secret).chain_update(base).finalize();
            hex::encode_upper(digest.into_bytes())
        }
        SignMethod::Hmac => {
            let digest = keyed::<Hmac<Md5>>(secret).chain_update(base).finalize();
            hex::encode_upper(digest.into_bytes())
        }
        SignMethod::Md5 => {
            let digest = Md5::new()
                .chain_update(secret)
                .chain_update(base)
                .chain_update(secret);
            hex::encode_upper(digest.finalize())
        }
    }
}

/// Whether `given` is the signature of `base`, compared in constant time. Lower-case digits are refused, because TOP
/// refuses them.
#[must_use]
pub fn verify(method: SignMethod, secret: &SecretString, base: &str, given: &str) -> bool {
    let expected = sign(method, secret, base);
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed<M: Mac + KeyInit>(secret: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(secret).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretString {
        SecretString::from("helloworld")
    }

    #[test]
    fn empty_and_blank_parameters_and_sign_are_not_signed() {
        let params = [
            ("v", "2.0"),
            ("sign", "ABC"),
            ("empty", ""),
            ("blank", " \t"),
            ("", "nameless"),
            ("a_b", "1"),
            ("aB", "2"),
        ];
        assert_eq!(base_string(params.into_iter()), "aB2a_b1v2.0");
    }

    #[test]
    fn only_the_exact_signature_passes() {
        for method in [SignMethod::HmacSha256, SignMethod::Hmac, SignMethod::Md5] {
            let signature = sign(method, &secret(), "v2.0");
            assert!(verify(method, &secret(), "v2.0", &signature));
            assert!(!verify(method, &secret(), "v2.1", &signature));
            assert!(!verify(
                method,
                &secret(),
                "v2.0",
                &signature.to_lowercase()
            ));
            assert!(!verify(method, &secret(), "v2.0", ""));
        }
    }

    #[test]
    fn wire_names_are_read_back() {
        for method in [SignMethod::HmacSha256, SignMethod::Hmac, SignMethod::Md5] {
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        assert_eq!("sha1".parse::<SignMethod>(), Err(UnknownSignMethod));
    }
}
