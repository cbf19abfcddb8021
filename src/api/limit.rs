//! Bounds of what callers send: `limit` and `cursor` of lists, `wait` of long polls, and texts.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::nullable::whole;

/// 1 to 200; 50 if left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(u32);

impl Limit {
    /// The number.
    #[must_use]
    pub(super) fn get(self) -> u32 {
        self.0
    }

    /// One more, which shows whether there is a next page.
    #[must_use]
    pub(super) fn and_one(self) -> u32 {
        self.0 + 1
    }

    /// Removes the surplus of [`Self::and_one`]. Returns the last item of the page if there is a next page.
    pub(super) fn cut<T>(self, found: &mut Vec<T>) -> Option<&T> {
        let has_next = found.len() > self.0 as usize;
        found.truncate(self.0 as usize);
        found.last().filter(|_| has_next)
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

/// A position in a list that is numbered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position(i64);

impl Position {
    /// The number.
    #[must_use]
    pub(super) fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_number = (1..=18).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| text.parse().ok()).flatten();
        number.map(Self).ok_or_else(|| {
            serde::de::Error::custom("expected a number as in the response, such as 118")
        })
    }
}

/// 1 to `MOST` characters.
#[derive(Debug, Clone)]
pub(super) struct Text<const MOST: usize>(pub(super) String);

impl<'de, const MOST: usize> Deserialize<'de> for Text<MOST> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if (1..=MOST).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(format!(
                "expected 1 to {MOST} characters"
            )))
        }
    }
}

/// For how long the present secret remains in use beside a new one: 0 to 7 days, a day if left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overlap(u32);

const WEEK: u32 = 7 * 24 * 60 * 60;

impl Overlap {
    pub(super) fn get(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for Overlap {
    fn default() -> Self {
        Self(24 * 60 * 60)
    }
}

impl<'de> Deserialize<'de> for Overlap {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match whole::<_, u32, { u32::MAX as i64 }>(deserializer)? {
            seconds @ 0..=WEEK => Ok(Self(seconds)),
            _ => Err(serde::de::Error::custom(
                "expected a number of seconds from 0 to 604800 (7 days), such as 86400",
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
