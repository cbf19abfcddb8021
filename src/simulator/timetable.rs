//! Flights that are always the same for a city pair and day, so that an offer stays bookable after a restart.
//! They are all fictitious.

use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Maximum number of flights of a city pair and day; named flights are searched among these.
pub(super) const MOST: usize = 60;

/// Airport codes that are not city codes.
const NO_CITIES: [&str; 6] = ["PEK", "PKX", "NAY", "PVG", "XIY", "TFU"];

const AIRLINES: [&str; 8] = ["CA", "MU", "CZ", "HU", "MF", "3U", "ZH", "SC"];
const AIRCRAFT: [&str; 5] = ["320", "321", "738", "333", "789"];

/// Fixed flights for examples: from, to, number, airports with terminals, departure (minute of the day),
/// duration in minutes, aircraft.
type Fixed = (
    &'static str,
    &'static str,
    &'static str,
    Stop<'static>,
    Stop<'static>,
    i64,
    i64,
    &'static str,
);
/// Airport and terminal; the terminal may be empty.
type Stop<'a> = (&'a str, &'a str);

const FIXED: [Fixed; 8] = [
    (
        "BJS",
        "XMN",
        "CZ8957",
        ("PKX", "T1"),
        ("XMN", "T3"),
        525,
        170,
        "321",
    ),
    (
        "BJS",
        "XMN",
        "CA1815",
        ("PEK", "T3"),
        ("XMN", "T3"),
        840,
        175,
        "738",
    ),
    (
        "XMN",
        "BJS",
        "CZ8958",
        ("XMN", "T3"),
        ("PKX", "T1"),
        765,
        170,
        "321",
    ),
    (
        "XMN",
        "BJS",
        "CA1816",
        ("XMN", "T3"),
        ("PEK", "T3"),
        1080,
        175,
        "738",
    ),
    (
        "BJS",
        "SHA",
        "CA1501",
        ("PEK", "T3"),
        ("SHA", "T2"),
        510,
        135,
        "333",
    ),
    (
        "BJS",
        "SHA",
        "MU5180",
        ("PKX", "T1"),
        ("PVG", "T1"),
        1140,
        140,
        "320",
    ),
    (
        "SHA",
        "BJS",
        "CA1502",
        ("SHA", "T2"),
        ("PEK", "T3"),
        720,
        135,
        "333",
    ),
    (
        "SHA",
        "BJS",
        "MU5179",
        ("PVG", "T1"),
        ("PKX", "T1"),
        1230,
        140,
        "320",
    ),
];

/// One flight on one day.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) number: String,
    pub(super) from_city: String,
    pub(super) to_city: String,
    pub(super) from_airport: String,
    from_terminal: Option<String>,
    pub(super) to_airport: String,
    to_terminal: Option<String>,
    pub(super) departure: DateTime,
    minutes: i64,
    aircraft: &'static str,
}

/// Whether the code has three capital letters and is not only an airport code.
pub(super) fn is_city(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) && !NO_CITIES.contains(&code)
}

/// The date at +08:00.
pub(super) fn today(now: Timestamp) -> Date {
    local(now).date()
}

pub(super) fn local(now: Timestamp) -> DateTime {
    now.to_zoned(TimeZone::fixed(offset(8))).datetime()
}

/// `yyyy-MM-dd HH:mm:ss`
pub(super) fn wire(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The first `count` flights between two different cities on a day.
pub(super) fn day(from: &str, to: &str, date: Date, count: usize) -> Vec<Flight> {
    let fixed = FIXED.iter().filter(|row| row.0 == from && row.1 == to);
    let fixed = fixed.map(
        |&(_, _, number, start, end, minute, minutes, aircraft)| Flight {
            number: number.to_owned(),
            from_city: from.to_owned(),
            to_city: to.to_owned(),
            from_airport: start.0.to_owned(),
            from_terminal: terminal(start),
            to_airport: end.0.to_owned(),
            to_terminal: terminal(end),
            departure: at_minute(date, minute),
            minutes,
            aircraft,
        },
    );
    let pair = hash(&[from, to]);
    let minutes = 80 + (pair % 140) as i64;
    let generated = (0..MOST).map(move |index| {
        let seed = hash(&[from, to, &index.to_string()]);
        let airline = AIRLINES[(seed % 8) as usize];
        let (start, end) = (airport(from, seed >> 16), airport(to, seed >> 24));
        let minute = 390 + (index as i64 * 185 + (pair % 20) as i64 * 5) % 900;
        Flight {
            // The last two digits are the index, so that numbers are unique.
            number: format!("{airline}{}{index:02}", 12 + (seed >> 8) % 80),
            from_city: from.to_owned(),
            to_city: to.to_owned(),
            from_airport: start.0.to_owned(),
            from_terminal: terminal(start),
            to_airport: end.0.to_owned(),
            to_terminal: terminal(end),
            departure: at_minute(date, minute),
            minutes,
            aircraft: AIRCRAFT[(seed >> 32) as usize % AIRCRAFT.len()],
        }
    });
    fixed.chain(generated).take(count).collect()
}

fn at_minute(date: Date, minute: i64) -> DateTime {
    let midnight = date.at(0, 0, 0, 0);
    midnight.saturating_add(SignedDuration::from_mins(minute))
}

fn terminal(stop: Stop<'_>) -> Option<String> {
    (!stop.1.is_empty()).then(|| stop.1.to_owned())
}

/// An airport of the city.
fn airport(city: &str, seed: u64) -> Stop<'_> {
    let choices: &[Stop<'static>] = match city {
        "BJS" => &[("PEK", "T3"), ("PKX", "T1")],
        "SHA" => &[("SHA", "T2"), ("PVG", "T1")],
        "CTU" => &[("TFU", "T2"), ("CTU", "T2")],
        "SIA" => &[("XIY", "T3")],
        other => return (other, ""),
    };
    choices[(seed % choices.len() as u64) as usize]
}

/// FNV-1a: the same on every machine and in every release.
fn hash(words: &[&str]) -> u64 {
    let bytes = words.iter().flat_map(|word| word.bytes().chain([b'/']));
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, fnv);
    hash ^ (hash >> 29)
}

impl Flight {
    pub(super) fn segment_id(&self) -> String {
        let day = self.departure.strftime("%m%d");
        format!(
            "{}{}{}{day}",
            self.number, self.from_airport, self.to_airport
        )
    }

    /// Full adult fare in whole yuan.
    pub(super) fn base(&self) -> i64 {
        let spread = hash(&[&self.number, &self.departure.date().to_string()]) % 40;
        (200 + self.minutes * 4 + spread as i64 * 10) / 10 * 10
    }

    pub(super) fn arrival(&self) -> DateTime {
        let minutes = SignedDuration::from_mins(self.minutes);
        self.departure.saturating_add(minutes)
    }

    pub(super) fn json(&self) -> Value {
        let airline = &self.number[..2];
        let mut segment = json!({
            "id": self.segment_id(),
            "marketing_airline": airline,
            "marketing_flight_no": self.number,
            "operating_airline": airline,
            "operating_flight_no": self.number,
            "code_share": false,
            "dep_airport": self.from_airport,
            "dep_time": wire(self.departure),
            "arr_airport": self.to_airport,
            "arr_time": wire(self.arrival()),
            "equip_type": self.aircraft,
            "dep_city_code": self.from_city,
            "arr_city_code": self.to_city,
            "flight_duration": self.minutes,
            "stop_quantity": 0,
        });
        if let Some(terminal) = &self.from_terminal {
            segment["dep_term"] = json!(terminal);
        }
        if let Some(terminal) = &self.to_terminal {
            segment["arr_term"] = json!(terminal);
        }
        segment
    }
}

/// The flight that an offer's id names: `BJSXMN20300520CZ8957`.
pub(super) fn flight_of(text: &str) -> Option<Flight> {
    let (from, to) = (text.get(..3)?, text.get(3..6)?);
    let date: Date = text.get(6..14)?.parse().ok()?;
    let number = text.get(14..)?;
    let mut flights = day(from, to, date, MOST).into_iter();
    flights.find(|flight| flight.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flight_numbers_are_unique_within_a_day() {
        let date = jiff::civil::date(2030, 5, 20);
        let flights = day("BJS", "SHA", date, MOST);
        let numbers: std::collections::HashSet<_> = flights.iter().map(|f| &f.number).collect();
        assert_eq!(numbers.len(), MOST);
    }
}
