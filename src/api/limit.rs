//! The parameters `limit` of lists and `wait` of long polls.

use std::time::Duration;

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

/// `1s` to `60s`.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitSeconds(pub(super) Duration);

impl<'de> Deserialize<'de> for WaitSeconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_suffix('s')
            .filter(|n| !n.starts_with(['0', '+']))
            .and_then(|n| n.parse().ok())
            .filter(|n| (1..=60).contains(n))
            .map(|n| Self(Duration::from_secs(n)))
            .ok_or_else(|| serde::de::Error::custom("expected 1s to 60s, such as 20s"))
    }
}
