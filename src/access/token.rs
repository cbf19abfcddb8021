//! The text of API keys that the gateway creates: `fgk_`, the id, `_` and the secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroize as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::api_key::KeyDigest;
use crate::domain::ids::KeyId;

/// What the text begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "fgk_";
/// The length of a secret, in bytes.
const SECRET: usize = 32;

/// The operating system provides no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system provides no random numbers")]
pub struct NoRandomness;

/// A new key with this id.
pub(super) fn generate(id: KeyId) -> Result<(SecretString, KeyDigest), NoRandomness> {
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret).map_err(|_| NoRandomness)?;
    let mut text = format!("{PREFIX}{}_", id.to_digits());
    URL_SAFE_NO_PAD.encode_string(secret, &mut text);
    secret.zeroize();
    let text = SecretString::from(text);
    let digest = KeyDigest::of(text.expose_secret().as_bytes());
    Ok((text, digest))
}

/// The id in a text of this form.
pub(super) fn id(presented: &[u8]) -> Option<KeyId> {
    let rest = presented.strip_prefix(PREFIX.as_bytes())?;
    let (digits, rest) = rest.split_at_checked(32)?;
    rest.starts_with(b"_")
        .then(|| KeyId::from_digits(std::str::from_utf8(digits).ok()?))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_contains_its_id_and_is_never_the_same() {
        let of: KeyId = "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71".parse().unwrap();
        let (first, digest) = generate(of).unwrap();
        let text = first.expose_secret();
        assert!(
            text.starts_with("fgk_0197a3f05c1e7b449d1a6f0c2d9e8b71_"),
            "{text}"
        );
        assert_eq!(text.len(), 4 + 32 + 1 + 43);
        assert_eq!(id(text.as_bytes()), Some(of));
        assert_eq!(digest, KeyDigest::of(text.as_bytes()));
        assert_ne!(generate(of).unwrap().1, digest);
    }

    #[test]
    fn other_texts_have_no_id() {
        for text in [
            "",
            "fgk_",
            "fgk_0197a3f05c1e7b449d1a6f0c2d9e8b71",
            "fgk_0197a3f05c1e7b449d1a6f0c2d9e8b71x",
            "fgk_0197a3f0-5c1e-7b44-9d1a-6f0c2d9e_x",
            "fgk_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz_x",
            "FGK_0197a3f05c1e7b449d1a6f0c2d9e8b71_x",
            "key-of-caller-0123456789",
        ] {
            assert_eq!(id(text.as_bytes()), None, "{text}");
        }
        assert_eq!(id(b"fgk_0197a3f05c1e7b449d1a6f0c2d9e8b7\xff_x"), None);
    }
}
