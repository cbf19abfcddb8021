//! `[feed]`: the feed of events.

use std::time::Duration;

use serde::Serialize;

use super::table::Table;
use super::value;

/// The feed of events.
#[derive(Debug, Clone, Serialize)]
pub struct Feed {
    /// How long events are kept.
    #[serde(with = "humantime_serde")]
    pub retention: Duration,
}

/// Shorter times would delete events before an app that was stopped over a weekend has read them.
const SHORTEST: Duration = Duration::from_hours(7 * 24);

impl Feed {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let retention = table.required("retention", value::duration);
        let problems = table.problems();
        table.finish();
        let retention = retention?;
        problems.unless(retention >= SHORTEST, || {
            "`feed.retention` must be at least 7 days".to_owned()
        });
        Some(Self { retention })
    }
}
