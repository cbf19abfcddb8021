//! `[reconcile]`: how unknown outcomes are resolved.

use std::time::Duration;

use serde::Serialize;

use super::table::{Problems, Table};
use super::value;

/// How unknown outcomes are resolved.
#[derive(Debug, Clone, Serialize)]
pub struct Reconcile {
    /// How long after the unknown outcome the first lookup starts.
    #[serde(with = "humantime_serde")]
    pub first_look: Duration,
    /// How long a booking, refund, change, close or cancellation must stay absent before it counts as not executed.
    #[serde(with = "humantime_serde")]
    pub settle_window: Duration,
    /// How long a payment must stay absent before it counts as not executed.
    #[serde(with = "humantime_serde")]
    pub settle_window_pay: Duration,
    /// How many lookups, started after the deadline of the call, must agree on absence.
    pub min_looks: u32,
    /// How long a request waits for the reconciler beyond the deadline, unless it sends
    /// `Prefer: wait=N`. With zero, the gateway responds with 202 at once.
    #[serde(with = "humantime_serde")]
    pub inline_wait: Duration,
    /// How long after the unknown outcome the operation becomes `needs_attention`, if no lookup settles it.
    #[serde(with = "humantime_serde")]
    pub attention_after: Duration,
    /// The longest pause between two lookups.
    #[serde(with = "humantime_serde")]
    pub max_interval: Duration,
    /// How long lookups continue for an operation that ended `absent`, was refused, or succeeded on Fliggy's
    /// response alone.
    #[serde(with = "humantime_serde")]
    pub watch: Duration,
    /// How long after a success on Fliggy's response alone the lookup that confirms it starts.
    #[serde(with = "humantime_serde")]
    pub confirm_after: Duration,
    /// Maximum number of concurrent lookups.
    pub concurrency: u32,
}

/// Law 5: the minimum evidence of absence against the real TOP.
const MIN_LOOKUPS: u32 = 5;
const MIN_WINDOW: Duration = Duration::from_secs(2 * 60);
const MIN_WINDOW_PAY: Duration = Duration::from_secs(10 * 60);

impl Reconcile {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let first_look = table.required("first_look", value::duration_or_zero);
        let settle_window = table.required("settle_window", value::duration);
        let settle_window_pay = table.required("settle_window_pay", value::duration);
        let min_looks = table.required("min_looks", value::count);
        let inline_wait = table.required("inline_wait", value::duration_or_zero);
        let attention_after = table.required("attention_after", value::duration);
        let max_interval = table.required("max_interval", value::duration);
        let watch = table.required("watch", value::duration_or_zero);
        let confirm_after = table.required("confirm_after", value::duration);
        let concurrency = table.required("concurrency", value::count);
        table.finish();
        let reconcile = Self {
            first_look: first_look?,
            settle_window: settle_window?,
            settle_window_pay: settle_window_pay?,
            min_looks: min_looks?,
            inline_wait: inline_wait?,
            attention_after: attention_after?,
            max_interval: max_interval?,
            watch: watch?,
            confirm_after: confirm_after?,
            concurrency: concurrency?,
        };
        reconcile.check(problems);
        Some(reconcile)
    }

    /// Minimum values against the real TOP. A payment that counts as absent too soon could be
    /// executed twice.
    pub(super) fn check_floor(&self, problems: &Problems) {
        let minimums = [
            (
                self.settle_window >= MIN_WINDOW,
                "`reconcile.settle_window` must be at least 2m",
            ),
            (
                self.settle_window_pay >= MIN_WINDOW_PAY,
                "`reconcile.settle_window_pay` must be at least 10m",
            ),
            (
                self.min_looks >= MIN_LOOKUPS,
                "`reconcile.min_looks` must be at least 5",
            ),
        ];
        for (fine, rule) in minimums {
            problems.unless(fine, || {
                format!(
                    "{rule}, unless `top.endpoint` is on a loopback address; otherwise a write that \
                     becomes visible late would count as not executed"
                )
            });
        }
    }

    fn check(&self, problems: &Problems) {
        let rules = [
            (
                self.first_look <= Duration::from_secs(2),
                "`reconcile.first_look` must be at most 2s, because callers wait for it",
            ),
            (
                self.settle_window_pay >= self.settle_window,
                "`reconcile.settle_window_pay` must not be shorter than `reconcile.settle_window`",
            ),
            (
                self.attention_after > self.settle_window_pay,
                "`reconcile.attention_after` must be longer than `reconcile.settle_window_pay`, \
                 or every unknown payment would end in `needs_attention`",
            ),
            (
                self.inline_wait <= Duration::from_secs(60),
                "`reconcile.inline_wait` must be at most 60s",
            ),
            (
                self.max_interval >= self.first_look,
                "`reconcile.max_interval` must not be shorter than `reconcile.first_look`",
            ),
        ];
        for (fine, rule) in rules {
            problems.unless(fine, || rule.to_owned());
        }
    }
}
