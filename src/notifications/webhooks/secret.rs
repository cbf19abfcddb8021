//! The secrets of an endpoint, and the signatures made with them (Standard Webhooks).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;

use super::message::SignedMessage;
use crate::domain::ids::WebhookId;
use crate::domain::sealed::Sealed;
use crate::domain::time::Rfc3339;
use crate::store::seal::{OpenError, SealError, SealKeys};

/// A secret of an endpoint: 24 to 64 bytes, written as `whsec_` and base64.
#[derive(Clone, Debug)]
pub struct EndpointSecret(SecretSlice<u8>);

/// All secrets of an endpoint: the current one, and earlier ones that are still in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    current: EndpointSecret,
    /// The newest first.
    previous: Vec<Previous>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Previous {
    secret: EndpointSecret,
    /// It signs until this time, in milliseconds since 1970.
    until: i64,
}

/// Text that is not a secret of an endpoint. The text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a secret: `whsec_` and the base64 text of 24 to 64 bytes")]
pub struct NotSecret;

/// The operating system provides no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system provides no random numbers")]
pub struct NoRandomness;

/// The secrets cannot be rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// Four secrets would be in force.
    #[error(
        "{MOST} secrets are in force, which is the maximum; rotate again after {}, when one of them ends, or with an \
         overlap of 0",
        Rfc3339(*.until)
    )]
    TooMany {
        /// When the first of them ends.
        until: Timestamp,
    },
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The maximum number of secrets in force.
pub const MOST: usize = 4;
/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";
/// The length of a generated secret, in bytes.
const GENERATED: usize = 24;

// === impl EndpointSecret ===

impl EndpointSecret {
    /// A new random secret.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = vec![0; GENERATED];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(bytes.into()))
    }

    /// Parses the text of a secret.
    ///
    /// # Errors
    /// [`NotSecret`].
    pub fn parse(text: &str) -> Result<Self, NotSecret> {
        let base64 = text.strip_prefix(PREFIX).ok_or(NotSecret)?;
        let bytes: SecretSlice<u8> = STANDARD.decode(base64).map_err(|_| NotSecret)?.into();
        if (24..=64).contains(&bytes.expose_secret().len()) {
            Ok(Self(bytes))
        } else {
            Err(NotSecret)
        }
    }

    /// The text of the secret, which its owner needs to verify deliveries.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let mut base64 = STANDARD.encode(self.0.expose_secret());
        let text = [PREFIX, &base64].concat();
        base64.zeroize();
        text.into()
    }

    /// `v1,` and the base64 text of HMAC-SHA256 over `{id}.{timestamp}.{body}`.
    fn signature(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        // A secret is not longer than a block. HMAC pads it with zeros; padding here makes the constructor infallible.
        let mut block = Key::<Hmac<Sha256>>::default();
        let secret = self.0.expose_secret();
        block[..secret.len()].copy_from_slice(secret);
        let mut mac = Hmac::<Sha256>::new(&block);
        block.as_mut_slice().zeroize();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl Serialize for EndpointSecret {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.text().expose_secret())
    }
}

impl<'de> Deserialize<'de> for EndpointSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = EndpointSecret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the secret of an endpoint")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<EndpointSecret, E> {
                EndpointSecret::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

// === impl Secrets ===

impl Secrets {
    /// One new random secret.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self {
            current: EndpointSecret::generate()?,
            previous: Vec::new(),
        })
    }

    /// The newest secret.
    #[must_use]
    pub const fn current(&self) -> &EndpointSecret {
        &self.current
    }

    /// Replaces the current secret with a new one. The old one also signs until `overlap` has passed, so that the receiver
    /// can switch without losing deliveries. With an overlap of zero, all old secrets end now: the secret has leaked.
    ///
    /// # Errors
    /// [`RotateError`]; nothing was changed.
    pub fn rotate(&mut self, now: Timestamp, overlap: Duration) -> Result<(), RotateError> {
        let now = now.as_millisecond();
        let in_force = || self.previous.iter().filter(|previous| previous.until > now);
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        if overlap == 0 {
            *self = Self::new()?;
            return Ok(());
        }
        // The current one will be a previous one.
        if in_force().count() + 2 > MOST {
            let until = in_force().map(|previous| previous.until).min();
            let until = Timestamp::from_millisecond(until.unwrap_or(now));
            return Err(RotateError::TooMany {
                until: until.unwrap_or(Timestamp::MAX),
            });
        }
        let new = EndpointSecret::generate()?;
        self.previous.retain(|previous| previous.until > now);
        let secret = std::mem::replace(&mut self.current, new);
        let until = now.saturating_add(overlap);
        self.previous.insert(0, Previous { secret, until });
        Ok(())
    }

    /// The secrets that sign at this time; the newest first.
    pub fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &EndpointSecret> {
        let previous = self
            .previous
            .iter()
            .filter(move |previous| previous.until > now.as_millisecond())
            .map(|previous| &previous.secret);
        std::iter::once(&self.current).chain(previous)
    }

    /// Signs a message with every secret in force.
    #[must_use]
    pub fn sign(&self, now: Timestamp, id: String, body: Bytes) -> SignedMessage {
        let timestamp = now.as_second();
        let signatures: Vec<_> = self
            .in_force(now)
            .map(|secret| secret.signature(&id, timestamp, &body))
            .collect();
        SignedMessage {
            signature: signatures.join(" "),
            id,
            timestamp,
            body,
        }
    }

    /// The secrets of a webhook, sealed.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn sealed(&self, keys: &SealKeys, webhook: WebhookId) -> Result<Sealed, SealError> {
        // The JSON consists of texts and numbers, which always serialise.
        let json: SecretSlice<u8> = serde_json::to_vec(self).unwrap_or_default().into();
        keys.seal(json.expose_secret(), webhook.uuid().as_bytes())
    }

    /// The secrets of a webhook. Also returns whether they were sealed with the previous key.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn opened(
        sealed: &Sealed,
        keys: &SealKeys,
        webhook: WebhookId,
    ) -> Result<(Self, bool), OpenError> {
        let opened = keys.open(sealed, webhook.uuid().as_bytes())?;
        let secrets = serde_json::from_slice(opened.data.expose_secret());
        let secrets = secrets.map_err(|_| OpenError::Malformed)?;
        Ok((secrets, opened.by_previous))
    }
}

#[cfg(test)]
mod tests;
