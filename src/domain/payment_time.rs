//! Whether a payment time reported by upstream is plausible.

use jiff::SignedDuration;

use super::time::{LocalTime, SKEW};

/// The evidence that a payment time provides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PaymentTime {
    /// None, or only a placeholder: zero, unreadable, before 2000 or more than a day in the future.
    #[default]
    Absent,
    /// Paid at this time.
    At(LocalTime),
    /// Ambiguous: before the booking, or less than a day in the future.
    Unclear,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Fliggy had no bookings or payments before this year.
const FIRST_YEAR: i16 = 2000;

impl PaymentTime {
    /// Evaluates the payment time of an order or change that was created at `booked_at`; `reported` is `None` if the
    /// payment time cannot be read.
    #[must_use]
    pub fn assess(
        reported: Option<LocalTime>,
        booked_at: Option<LocalTime>,
        now: LocalTime,
    ) -> Self {
        let ahead = |by: SignedDuration| now.civil().checked_add(by).map(LocalTime::from_civil);
        let in_use = |at: &LocalTime| at.civil().year() >= FIRST_YEAR;
        let Some(reported) = reported.filter(in_use) else {
            return Self::Absent;
        };
        if ahead(DAY).is_ok_and(|limit| reported > limit) {
            return Self::Absent;
        }
        let not_ahead = |at: &LocalTime| ahead(SKEW).is_ok_and(|limit| *at <= limit);
        // An implausible booking time is not used as the lower bound.
        let earliest = booked_at
            .filter(|at| in_use(at) && not_ahead(at))
            .and_then(|at| at.civil().checked_sub(SKEW).ok())
            .map(LocalTime::from_civil);
        if not_ahead(&reported) && earliest.is_none_or(|earliest| reported >= earliest) {
            Self::At(reported)
        } else {
            Self::Unclear
        }
    }

    /// The payment time, if it is known.
    #[must_use]
    pub fn known(self) -> Option<LocalTime> {
        match self {
            Self::At(at) => Some(at),
            Self::Absent | Self::Unclear => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2030-05-01T12:00:00+08:00";
    const BOOKED: &str = "2030-05-01T10:00:00+08:00";

    fn at(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    #[test]
    fn law_7_only_a_plausible_payment_time_is_evidence() {
        use PaymentTime::{Absent, Unclear};
        let paid_at = |text: &str| PaymentTime::At(at(text));
        for (reported, booked, expected) in [
            ("1970-01-01T08:00:00+08:00", Some(BOOKED), Absent),
            ("0001-01-01T00:00:00+08:00", None, Absent),
            ("1999-12-31T23:59:59+08:00", None, Absent),
            ("2030-05-02T12:00:01+08:00", Some(BOOKED), Absent),
            ("9999-12-31T23:59:59+08:00", None, Absent),
            ("2030-05-02T12:00:00+08:00", Some(BOOKED), Unclear),
            ("2030-05-01T12:10:01+08:00", Some(BOOKED), Unclear),
            (
                "2030-05-01T12:10:00+08:00",
                Some(BOOKED),
                paid_at("2030-05-01T12:10:00+08:00"),
            ),
            (
                "2030-05-01T09:50:00+08:00",
                Some(BOOKED),
                paid_at("2030-05-01T09:50:00+08:00"),
            ),
            ("2030-05-01T09:49:59+08:00", Some(BOOKED), Unclear),
            ("2000-01-01T00:00:00+08:00", Some(BOOKED), Unclear),
            // Without a usable booking time, the year 2000 is the lower bound.
            (
                "2000-01-01T00:00:00+08:00",
                None,
                paid_at("2000-01-01T00:00:00+08:00"),
            ),
            (
                "2030-05-01T09:00:00+08:00",
                Some("1970-01-01T08:00:00+08:00"),
                paid_at("2030-05-01T09:00:00+08:00"),
            ),
            (
                "2030-05-01T09:00:00+08:00",
                Some("2031-01-01T00:00:00+08:00"),
                paid_at("2030-05-01T09:00:00+08:00"),
            ),
        ] {
            let found = PaymentTime::assess(Some(at(reported)), booked.map(at), at(NOW));
            assert_eq!(found, expected, "{reported} {booked:?}");
        }
        assert_eq!(PaymentTime::assess(None, Some(at(BOOKED)), at(NOW)), Absent);
    }
}
