//! Encryption of secrets in the store (AES-256-GCM), so that a copy of the store is not enough to use them.

use std::fmt;

use aes_gcm::aead::{Aead, Nonce, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use secrecy::SecretSlice;

use crate::domain::sealed::Sealed;

/// The keys of `store.seal_key` and `store.previous_seal_key`.
pub struct SealKeys {
    current: Aes256Gcm,
    previous: Option<Aes256Gcm>,
}

/// Data that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The data.
    pub data: SecretSlice<u8>,
    /// The previous key opened it: seal it again, so that the previous key can be removed.
    pub by_previous: bool,
}

/// Data cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The operating system provides no random numbers.
    #[error("the operating system provides no random numbers")]
    NoRandomness,
    /// The data is too long (64 GiB).
    #[error("the data is too long to be sealed")]
    TooLong,
}

/// Data cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is truncated, or sealed by a later version of the gateway.
    #[error("the sealed secrets are damaged, or a later version of the gateway sealed them")]
    Malformed,
    /// It was sealed with another key or for another owner, or it was altered.
    #[error(
        "neither `store.seal_key` nor `store.previous_seal_key` opens the secrets; set the key that sealed them as \
         `store.previous_seal_key`"
    )]
    WrongKey,
}

/// The first byte of sealed data: the version of its format. The nonce and the ciphertext with its tag follow.
const VERSION: u8 = 1;
/// The length of a nonce, in bytes. With random nonces of this length, a key can safely seal 2^32 times.
const NONCE: usize = 12;

// === impl SealKeys ===

impl SealKeys {
    /// The keys: the current one, which seals, and the one before it, which only opens.
    #[must_use]
    pub fn new(current: &[u8; 32], previous: Option<&[u8; 32]>) -> Self {
        let cipher = |key: &[u8; 32]| Aes256Gcm::new(key.into());
        Self {
            current: cipher(current),
            previous: previous.map(cipher),
        }
    }

    /// Whether there is a previous key.
    pub const fn has_previous(&self) -> bool {
        self.previous.is_some()
    }

    /// Encrypts data with the current key. `owner` names what the data belongs to, and is needed to open it.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(&self, data: &[u8], owner: &[u8]) -> Result<Sealed, SealError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let payload = Payload {
            msg: data,
            aad: owner,
        };
        let ciphertext = self
            .current
            .encrypt(&Nonce::<Aes256Gcm>::from(nonce), payload)
            .map_err(|_| SealError::TooLong)?;
        Ok(Sealed([&[VERSION][..], &nonce, &ciphertext].concat()))
    }

    /// Decrypts data of this owner.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, sealed: &Sealed, owner: &[u8]) -> Result<Opened, OpenError> {
        let Some((&VERSION, rest)) = sealed.0.split_first() else {
            return Err(OpenError::Malformed);
        };
        let Some((nonce, ciphertext)) = rest.split_first_chunk::<NONCE>() else {
            return Err(OpenError::Malformed);
        };
        let nonce = Nonce::<Aes256Gcm>::from(*nonce);
        let open = |cipher: &Aes256Gcm, by_previous| {
            let payload = Payload {
                msg: ciphertext,
                aad: owner,
            };
            let data = cipher.decrypt(&nonce, payload).ok()?.into();
            Some(Opened { data, by_previous })
        };
        open(&self.current, false)
            .or_else(|| open(self.previous.as_ref()?, true))
            .ok_or(OpenError::WrongKey)
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKeys(***)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const DATA: &[u8] = b"canary data of a webhook";
    const OWNER: &[u8] = b"one";

    fn keys(byte: u8, previous: Option<u8>) -> SealKeys {
        SealKeys::new(&[byte; 32], previous.map(|byte| [byte; 32]).as_ref())
    }

    fn data(opened: Result<Opened, OpenError>) -> Result<(Vec<u8>, bool), OpenError> {
        opened.map(|opened| (opened.data.expose_secret().to_vec(), opened.by_previous))
    }

    #[test]
    fn sealed_data_is_opened_for_the_same_owner_and_by_the_same_key_only() {
        let (id, other) = (OWNER, &b"two"[..]);
        let sealed = keys(1, None).seal(DATA, id).unwrap();
        let found = keys(1, None).open(&sealed, id);
        assert_eq!(data(found), Ok((DATA.to_vec(), false)));
        let found = keys(1, None).open(&sealed, other);
        assert_eq!(data(found), Err(OpenError::WrongKey));
        let found = keys(2, Some(3)).open(&sealed, id);
        assert_eq!(data(found), Err(OpenError::WrongKey));
    }

    #[test]
    fn the_previous_key_opens_and_the_current_one_seals() {
        let id = OWNER;
        let sealed = keys(1, None).seal(DATA, id).unwrap();
        let rotated = keys(2, Some(1));
        assert_eq!(data(rotated.open(&sealed, id)), Ok((DATA.to_vec(), true)));
        let again = rotated.seal(DATA, id).unwrap();
        assert_eq!(data(rotated.open(&again, id)), Ok((DATA.to_vec(), false)));
        assert!(keys(1, None).open(&again, id).is_err());
    }

    #[test]
    fn altered_and_truncated_data_is_refused() {
        let (id, keys) = (OWNER, keys(1, Some(2)));
        let sealed = keys.seal(DATA, id).unwrap();
        for index in 0..sealed.0.len() {
            let mut altered = sealed.clone();
            altered.0[index] ^= 1;
            let expected = if index == 0 {
                OpenError::Malformed
            } else {
                OpenError::WrongKey
            };
            assert_eq!(data(keys.open(&altered, id)), Err(expected), "{index}");
            let truncated = Sealed(sealed.0[..index].to_vec());
            assert!(keys.open(&truncated, id).is_err(), "{index}");
        }
    }

    #[test]
    fn the_same_data_is_sealed_differently_each_time_and_nothing_is_shown() {
        let (id, keys) = (OWNER, keys(0x5a, Some(0x5b)));
        let sealed = keys.seal(DATA, id).unwrap();
        assert!(sealed != keys.seal(DATA, id).unwrap());
        assert_eq!(format!("{keys:?}"), "SealKeys(***)");
        assert_eq!(format!("{sealed:?}"), "Sealed(***)");
        let opened = keys.open(&sealed, id).unwrap();
        assert!(!format!("{opened:?}").contains("99"), "{opened:?}");
        assert!(!sealed.0.windows(6).any(|part| part == &DATA[..6]));
    }
}
