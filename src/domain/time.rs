//! Times. TOP and its airports use the +08:00 clock; so does everything that the API shows.
//!
//! Reading and writing use fixed positions instead of a format language, because a search response
//! contains thousands of times.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use utoipa::ToSchema;

use super::personal::Described;
use super::text::{MalformedText, text_traits};

/// China's offset from UTC, in hours. There is no daylight saving time.
const OFFSET_HOURS: i8 = 8;

/// Maximum difference between the clocks of TOP and the gateway: TOP refuses calls beyond it.
pub const SKEW: SignedDuration = SignedDuration::from_mins(10);

fn offset() -> Offset {
    Offset::constant(OFFSET_HOURS)
}

/// A time on the +08:00 clock, to the second: RFC 3339, e.g. `2030-05-20T08:45:00+08:00`. Other
/// offsets are accepted and converted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2030-05-20T08:45:00+08:00")]
pub struct LocalTime(DateTime);

impl LocalTime {
    const EXPECTED: &'static str = "a time such as \"2030-05-20T08:45:00+08:00\" (RFC 3339)";

    /// A time from its civil parts on the +08:00 clock; fractions of a second are dropped.
    #[must_use]
    pub fn from_civil(civil: DateTime) -> Self {
        let time = civil.time();
        let whole = DateTime::new(
            civil.year(),
            civil.month(),
            civil.day(),
            time.hour(),
            time.minute(),
            time.second(),
            0,
        );
        Self(whole.unwrap_or(civil))
    }

    /// The civil parts on the +08:00 clock.
    #[must_use]
    pub const fn civil(self) -> DateTime {
        self.0
    }

    /// The day on the +08:00 clock.
    #[must_use]
    pub fn date(self) -> LocalDate {
        LocalDate(self.0.date())
    }

    /// Reads TOP's format `yyyy-MM-dd HH:mm:ss` (GMT+8). A fraction after the seconds is ignored.
    ///
    /// # Errors
    /// The text has another format or is not a valid time.
    pub fn parse_wire(s: &str) -> Result<Self, MalformedText> {
        read_wire(s.as_bytes()).map(Self).ok_or(MalformedText {
            expected: "a time such as \"2030-05-20 08:45:00\"",
        })
    }

    /// TOP's format `yyyy-MM-dd HH:mm:ss`.
    #[must_use]
    pub fn to_wire(self) -> String {
        let mut out = [0; 19];
        write_seconds(&mut out, self.0, b' ');
        ascii(&out).to_owned()
    }

    /// The +08:00 time of an instant.
    #[must_use]
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        Self::from_civil(offset().to_datetime(timestamp))
    }

    /// The instant; `None` at the very end of the supported years.
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        offset().to_timestamp(self.0).ok()
    }

    fn parse_text(s: &str) -> Option<Self> {
        let bytes = s.as_bytes();
        let (seconds, rest) = bytes.split_at_checked(19)?;
        if !matches!(seconds[10], b'T' | b't') {
            return None;
        }
        let civil = read_seconds(seconds)?;
        let rest = match rest.split_first() {
            Some((b'.', fraction)) => {
                let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
                if digits == 0 {
                    return None;
                }
                &fraction[digits..]
            }
            _ => rest,
        };
        let minutes: i64 = match rest {
            b"Z" | b"z" => 0,
            b"+08:00" => return Some(Self(civil)),
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let total = i64::from(hours) * 60 + i64::from(minutes);
                if *sign == b'-' { -total } else { total }
            }
            _ => return None,
        };
        let shift = i64::from(OFFSET_HOURS) * 60 - minutes;
        let civil = civil.checked_add(SignedDuration::from_mins(shift)).ok()?;
        (civil.year() >= 0).then_some(Self(civil))
    }
}

impl LocalTime {
    fn write(self, out: &mut [u8; 25]) -> &str {
        *out = *b"0000-00-00T00:00:00+08:00";
        write_seconds(out, self.0, b'T');
        ascii(out)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.write(&mut [0; 25]))
    }
}

text_traits!(LocalTime, |value, serializer| serializer
    .serialize_str(value.write(&mut [0; 25])));

/// A calendar day, `yyyy-MM-dd`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = Date, example = "2030-05-20")]
pub struct LocalDate(Date);

impl LocalDate {
    const EXPECTED: &'static str = "a date such as \"2030-05-20\"";

    /// A calendar day.
    #[must_use]
    pub const fn new(date: Date) -> Self {
        Self(date)
    }

    /// The day as the calendar library's type.
    #[must_use]
    pub const fn get(self) -> Date {
        self.0
    }

    /// The day after.
    #[must_use]
    pub fn tomorrow(self) -> Option<Self> {
        self.0.tomorrow().ok().map(Self)
    }

    /// Reads a day from TOP's `yyyy-MM-dd` or `yyyy-MM-dd HH:mm:ss`; the time of day is ignored.
    ///
    /// # Errors
    /// The text has another format or is not a valid day.
    pub fn parse_wire(s: &str) -> Result<Self, MalformedText> {
        let bytes = s.as_bytes();
        let date = if bytes.len() == 10 {
            read_date(bytes)
        } else {
            read_wire(bytes).map(DateTime::date)
        };
        date.map(Self).ok_or(MalformedText {
            expected: "a date such as \"2030-05-20\"",
        })
    }

    /// A day in TOP's format for a time: `yyyy-MM-dd 00:00:00`.
    #[must_use]
    pub fn to_wire_midnight(self) -> String {
        format!("{self} 00:00:00")
    }

    fn parse_text(s: &str) -> Option<Self> {
        (s.len() == 10)
            .then(|| read_date(s.as_bytes()))
            .flatten()
            .map(Self)
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = *b"0000-00-00";
        write_date(&mut out, self.0);
        f.write_str(ascii(&out))
    }
}

text_traits!(LocalDate);

impl Described for LocalDate {
    const EXPECTED: &'static str = Self::EXPECTED;
}

/// An instant recorded by the gateway, written with offset +08:00 and milliseconds:
/// `2030-05-20T08:45:00.123+08:00`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
#[schema(as = Timestamp, value_type = String, format = DateTime, example = "2030-05-20T08:45:00.123+08:00")]
pub struct Rfc3339(pub Timestamp);

impl Rfc3339 {
    const EXPECTED: &'static str = "a time such as \"2030-05-20T08:45:00.123+08:00\" (RFC 3339)";

    fn parse_text(s: &str) -> Option<Self> {
        // `LocalTime` checks the format; the second parse also reads the fraction.
        LocalTime::parse_text(s)?;
        s.parse().ok().map(Self)
    }
}

impl From<Timestamp> for Rfc3339 {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp)
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = offset().to_datetime(self.0);
        let mut out = *b"0000-00-00T00:00:00.000+08:00";
        write_seconds(&mut out, civil, b'T');
        let ms = u16::try_from(civil.millisecond()).unwrap_or(0);
        put(&mut out, 20, ms, 3);
        f.write_str(ascii(&out))
    }
}

text_traits!(Rfc3339);

fn two(a: u8, b: u8) -> Option<i8> {
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| ((a - b'0') * 10 + (b - b'0')).cast_signed())
}

fn read_date(b: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *b else {
        return None;
    };
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    Date::new(year, two(m1, m2)?, two(d1, d2)?).ok()
}

/// `yyyy-MM-dd?HH:mm:ss`, with any character between date and time. Second 60, a leap second,
/// becomes 59.
fn read_seconds(b: &[u8]) -> Option<DateTime> {
    let (date, time) = b.split_at_checked(10)?;
    let [_, h1, h2, b':', m1, m2, b':', s1, s2] = *time else {
        return None;
    };
    let second = match two(s1, s2)? {
        60 => 59,
        s => s,
    };
    let time = jiff::civil::Time::new(two(h1, h2)?, two(m1, m2)?, second, 0).ok()?;
    Some(read_date(date)?.to_datetime(time))
}

fn read_wire(b: &[u8]) -> Option<DateTime> {
    let (seconds, rest) = b.split_at_checked(19)?;
    let fraction_or_end = match rest {
        [] => true,
        [b'.', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (seconds[10] == b' ' && fraction_or_end)
        .then(|| read_seconds(seconds))
        .flatten()
}

fn put(out: &mut [u8], at: usize, mut value: u16, digits: usize) {
    for place in (at..at + digits).rev() {
        out[place] = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn write_date(out: &mut [u8], date: Date) {
    put(out, 0, date.year().unsigned_abs(), 4);
    out[4] = b'-';
    put(out, 5, u16::from(date.month().unsigned_abs()), 2);
    out[7] = b'-';
    put(out, 8, u16::from(date.day().unsigned_abs()), 2);
}

fn write_seconds(out: &mut [u8], civil: DateTime, between: u8) {
    write_date(out, civil.date());
    out[10] = between;
    put(out, 11, u16::from(civil.hour().unsigned_abs()), 2);
    out[13] = b':';
    put(out, 14, u16::from(civil.minute().unsigned_abs()), 2);
    out[16] = b':';
    put(out, 17, u16::from(civil.second().unsigned_abs()), 2);
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_offset_is_converted_to_the_beijing_clock() {
        for text in [
            "2030-05-20T08:45:00+08:00",
            "2030-05-20T00:45:00Z",
            "2030-05-20t00:45:00.999z",
            "2030-05-19T17:45:00-07:00",
        ] {
            let time: LocalTime = text.parse().unwrap();
            assert_eq!(time.to_string(), "2030-05-20T08:45:00+08:00", "{text}");
            assert_eq!(time.to_wire(), "2030-05-20 08:45:00");
            let instant = "2030-05-20T00:45:00Z".parse().unwrap();
            assert_eq!(time, LocalTime::from_timestamp(instant));
        }
        for text in [
            "2030-05-20T08:45:00",
            "2030-05-20 08:45:00+08:00",
            "2030-02-30T08:45:00+08:00",
            "2030-05-20T24:00:00+08:00",
            "2030-05-20T08:45:00.+08:00",
            "2030-05-20T08:45:00+0800",
            "9999-12-31T23:59:59-12:00",
            "",
        ] {
            assert!(text.parse::<LocalTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_wire_form_is_fixed() {
        let time = LocalTime::parse_wire("2030-05-20 08:45:07").unwrap();
        assert_eq!(time.to_string(), "2030-05-20T08:45:07+08:00");
        assert_eq!(LocalTime::parse_wire("2030-05-20 08:45:07.0"), Ok(time));
        for text in [
            "2030-05-20",
            "2030-05-20T08:45:07",
            "2030-5-20 8:45:07",
            "０",
        ] {
            assert!(LocalTime::parse_wire(text).is_err(), "{text}");
        }
        let day = LocalDate::parse_wire("1990-03-07 00:00:00").unwrap();
        assert_eq!(LocalDate::parse_wire("1990-03-07"), Ok(day));
        assert_eq!(day.to_wire_midnight(), "1990-03-07 00:00:00");
    }

    #[test]
    fn instants_show_milliseconds() {
        let instant = Rfc3339("2030-05-20T00:45:00.0429Z".parse().unwrap());
        assert_eq!(instant.to_string(), "2030-05-20T08:45:00.042+08:00");
        assert_eq!(
            instant.to_string().parse::<Rfc3339>().unwrap().to_string(),
            instant.to_string()
        );
    }

    proptest! {
        #[test]
        fn every_format_reads_back(second in 0_i64..250_000_000_000) {
            let time = LocalTime::from_timestamp(Timestamp::from_second(second).unwrap());
            prop_assert_eq!(time.to_string().parse::<LocalTime>().unwrap(), time);
            prop_assert_eq!(LocalTime::parse_wire(&time.to_wire()).unwrap(), time);
            let instant: Timestamp = time.to_string().parse().unwrap();
            prop_assert_eq!(instant.as_second(), second);
            let day = time.date();
            prop_assert_eq!(day.to_string().parse::<LocalDate>().unwrap(), day);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,30}") {
            let _ = text.parse::<LocalTime>();
            let _ = LocalTime::parse_wire(&text);
            let _ = LocalDate::parse_wire(&text);
            let _ = text.parse::<Rfc3339>();
        }

        #[test]
        fn reading_near_misses_never_panics(text in "[0-9]{4}.[0-9]{2}.[0-9]{2}.[0-9]{2}:[0-9]{2}:[0-9]{2}.{0,7}") {
            let _ = text.parse::<LocalTime>();
            let _ = LocalTime::parse_wire(&text);
        }
    }
}
