//! `[watcher]`: when unfinished orders, refunds and changes are read again.

use std::time::Duration;

use serde::Serialize;

use super::table::Table;
use super::value;

/// When unfinished orders, refunds and changes are read again.
#[derive(Debug, Clone, Serialize)]
pub struct Watcher {
    /// The shortest pause between two reads.
    #[serde(with = "humantime_serde")]
    pub first: Duration,
    /// The longest pause between two reads. Until it is reached, the pause is a quarter of the time since the last change.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
    /// The maximum number of reads per second; 0 turns the watcher off.
    pub requests_per_second: u32,
}

impl Watcher {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let first = table.required("first", value::duration);
        let longest = table.required("longest", value::duration);
        let requests_per_second = table.required("requests_per_second", value::count_or_zero);
        table.finish();
        let watcher = Self {
            first: first?,
            longest: longest?,
            requests_per_second: requests_per_second?,
        };
        problems.unless(watcher.longest >= watcher.first, || {
            "`watcher.longest` must not be shorter than `watcher.first`".to_owned()
        });
        Some(watcher)
    }

    /// The pause between two reads; none if the watcher is off. Lookups of settled operations may use half of
    /// `looks_per_second`, and the watcher half of that.
    #[must_use]
    pub fn pause(&self, looks_per_second: u32) -> Option<Duration> {
        let second = Duration::from_secs(1);
        let by_quota = second * 4 / looks_per_second.max(1);
        let requested = second.checked_div(self.requests_per_second)?;
        Some(requested.max(by_quota))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watcher_uses_a_quarter_of_the_lookups_at_most() {
        let pause = |requests_per_second, looks| {
            let (first, longest) = (Duration::from_mins(1), Duration::from_hours(2));
            let watcher = Watcher {
                first,
                longest,
                requests_per_second,
            };
            watcher.pause(looks).map(|pause| pause.as_millis())
        };
        for (requests, looks, expected) in [
            (2, 10, Some(500)),
            (2, 4, Some(1000)),
            (2, 1, Some(4000)),
            (100, 2000, Some(10)),
            (0, 10, None),
        ] {
            assert_eq!(pause(requests, looks), expected, "{requests} {looks}");
        }
    }
}
