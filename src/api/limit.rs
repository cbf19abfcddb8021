//! The parameter `limit` of lists.

use serde::Deserialize;

/// 1 to 200; 50 if left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(u32);

impl Limit {
    /// The number.
    #[must_use]
    pub(super) fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            n @ 1..=200 => Ok(Self(n)),
            _ => Err(serde::de::Error::custom(
                "expected a number from 1 to 200, such as 50",
            )),
        }
    }
}
