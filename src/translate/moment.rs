//! Times and days that TOP's contract declares as text without a format.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::domain::time::{LocalDate, LocalTime};

/// A time. A time without a day is on `day`, or on the next day if marked `+1`.
pub(super) fn time(text: &str, day: Option<LocalDate>) -> Option<LocalTime> {
    let text = text.trim();
    if let Ok(time) = LocalTime::parse_wire(text).or_else(|_| text.parse()) {
        return Some(time);
    }
    let (text, day) = match text.strip_suffix("+1") {
        Some(text) => (text, Some(day?.tomorrow()?)),
        None => (text, day),
    };
    let parts = parts(text)?;
    match *parts.as_slice() {
        [(milliseconds, 13)] => Some(LocalTime::from_timestamp(
            Timestamp::from_millisecond(milliseconds).ok()?,
        )),
        [(seconds, 10)] => Some(LocalTime::from_timestamp(
            Timestamp::from_second(seconds).ok()?,
        )),
        [(whole, 14)] => at(
            split_date(whole / 1_000_000)?,
            split_time(whole % 1_000_000)?,
        ),
        [(whole, 12)] => at(
            split_date(whole / 10_000)?,
            split_time(whole % 10_000 * 100)?,
        ),
        [(whole, 4)] => at(day?.get(), split_time(whole * 100)?),
        [(hour, 1 | 2), (minute, 2)] => at(day?.get(), of_time(hour, minute, 0)?),
        [(hour, 1 | 2), (minute, 2), (second, 2)] => at(day?.get(), of_time(hour, minute, second)?),
        [
            (year, 4),
            (month, 1 | 2),
            (date, 1 | 2),
            (hour, 1 | 2),
            (minute, 2),
        ] => at(of_date(year, month, date)?, of_time(hour, minute, 0)?),
        [
            (year, 4),
            (month, 1 | 2),
            (date, 1 | 2),
            (hour, 1 | 2),
            (minute, 2),
            (second, 2),
        ] => at(of_date(year, month, date)?, of_time(hour, minute, second)?),
        _ => None,
    }
}

/// A day; a time of day after it is ignored.
pub(super) fn date(text: &str) -> Option<LocalDate> {
    let text = text.trim();
    match *parts(text)?.as_slice() {
        [(year, 4), (month, 1 | 2), (date, 1 | 2)] => of_date(year, month, date),
        [(whole, 8)] => split_date(whole),
        _ => time(text, None).map(|time| time.date().get()),
    }
    .map(LocalDate::new)
}

/// The numbers in a text with their digit counts; `None` if the text contains anything but digits
/// and the separators of a time.
fn parts(text: &str) -> Option<Vec<(i64, usize)>> {
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || "-/:. T年月日时分秒".contains(c))
    {
        return None;
    }
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    let numbers = numbers.filter(|number| !number.is_empty());
    numbers
        .map(|number| Some((number.parse().ok()?, number.len())))
        .collect()
}

fn at(date: Date, time: Time) -> Option<LocalTime> {
    Some(LocalTime::from_civil(date.to_datetime(time)))
}

fn split_date(whole: i64) -> Option<Date> {
    of_date(whole / 10_000, whole / 100 % 100, whole % 100)
}

fn split_time(whole: i64) -> Option<Time> {
    of_time(whole / 10_000, whole / 100 % 100, whole % 100)
}

fn of_date(year: i64, month: i64, date: i64) -> Option<Date> {
    let small = |number: i64| i8::try_from(number).ok();
    Date::new(i16::try_from(year).ok()?, small(month)?, small(date)?).ok()
}

fn of_time(hour: i64, minute: i64, second: i64) -> Option<Time> {
    let small = |number: i64| i8::try_from(number).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()
}
