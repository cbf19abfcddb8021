//! Offers for flights. The id of an offer encodes all of it, so that it remains valid after a restart.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::order::Cents;
use super::timetable::{Flight, flight_of, local};

/// The price for a passenger of one type.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fare {
    pub(super) fare: Cents,
    pub(super) build: Cents,
    pub(super) oil: Cents,
}

impl Fare {
    pub(super) fn taxes(self) -> Cents {
        Cents(self.build.0 + self.oil.0)
    }
}

/// The kinds of offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfferKind {
    /// Fliggy's own shop.
    Own,
    /// An agent, a little cheaper; sells no infant fare.
    Agent,
    /// The airline's flagship shop.
    Flagship,
    /// Flagship, for passengers who join the airline's club (new members only).
    MemberPassenger,
    /// Flagship, for a buyer who is or becomes a member.
    MemberBuyer,
    /// Business class in Fliggy's own shop.
    Business,
}

impl OfferKind {
    const ALL: [OfferKind; 6] = [
        Self::Own,
        Self::Agent,
        Self::Flagship,
        Self::MemberPassenger,
        Self::MemberBuyer,
        Self::Business,
    ];

    /// The offers of the flight at this index in the list.
    pub(super) fn sold_on(index: usize, named: bool) -> &'static [OfferKind] {
        match index % 2 {
            _ if index == 0 || named => &Self::ALL,
            1 => &[Self::Own, Self::Agent, Self::Flagship],
            _ => &[Self::Own, Self::Agent, Self::MemberPassenger],
        }
    }

    /// The kind that sells this cabin; a named flight sells all of them.
    pub(super) fn of_cabin(cabin: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.cabin().0 == cabin)
    }

    fn letter(self) -> &'static str {
        match self {
            Self::Own => "O",
            Self::Agent => "A",
            Self::Flagship => "F",
            Self::MemberPassenger => "P",
            Self::MemberBuyer => "B",
            Self::Business => "C",
        }
    }

    /// Cabin, class and class name.
    pub(super) fn cabin(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Own => ("Y", "Y", "经济舱"),
            Self::Agent => ("Z", "Y", "经济舱"),
            Self::Flagship => ("V", "Y", "经济舱"),
            Self::MemberPassenger => ("T", "Y", "经济舱"),
            Self::MemberBuyer => ("R", "Y", "经济舱"),
            Self::Business => ("J", "C", "公务舱"),
        }
    }

    /// Whether a search for this cabin class returns it.
    pub(super) fn is_in_class(self, class: &str) -> bool {
        match class {
            "ALL_CABIN" => true,
            "FC" => self.cabin().1 == "C",
            class => self.cabin().1 == class,
        }
    }

    /// `member_type` and `member_sub_type_list`.
    pub(super) fn member(self) -> Option<(u64, &'static [u64])> {
        match self {
            Self::MemberPassenger => Some((0, &[0])),
            Self::MemberBuyer => Some((1, &[0, 1])),
            Self::Own | Self::Agent | Self::Flagship | Self::Business => None,
        }
    }

    /// One adult's fare, in hundredths of a yuan.
    fn price(self, base: i64) -> i64 {
        match self {
            Self::Own => base * 100,
            Self::Agent => base * 100 - 1_950,
            Self::Flagship => (base + 20) * 100,
            Self::MemberPassenger => (base - 60) * 100,
            Self::MemberBuyer => (base - 80) * 100,
            Self::Business => base * 280,
        }
    }
}

/// An offer for one or two flights. Its id encodes all of it.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) kind: OfferKind,
    pub(super) flights: Vec<Flight>,
    pub(super) adult: Fare,
    pub(super) child: Fare,
    pub(super) infant: Option<Fare>,
}

impl Offer {
    pub(super) fn new(kind: OfferKind, flights: Vec<Flight>) -> Self {
        let ways = flights.len() as i64;
        let adult: i64 = flights.iter().map(|flight| kind.price(flight.base())).sum();
        let tens = |share: i64| Cents(adult / share / 1_000 * 1_000);
        Self {
            kind,
            adult: Fare {
                fare: Cents(adult),
                build: Cents(5_000 * ways),
                oil: Cents(2_000 * ways),
            },
            child: Fare {
                fare: tens(2),
                build: Cents(0),
                oil: Cents(1_000 * ways),
            },
            infant: (kind != OfferKind::Agent).then(|| Fare {
                fare: tens(10),
                ..Fare::default()
            }),
            flights,
        }
    }

    /// The fare of a wire passenger type: 0 adult, 1 child, 8 infant.
    pub(super) fn fare(&self, kind: Option<u64>) -> Option<Fare> {
        match kind {
            Some(0) => Some(self.adult),
            Some(1) => Some(self.child),
            Some(8) => self.infant,
            _ => None,
        }
    }

    /// The offer with this id; no stored state is needed.
    pub(super) fn parse(solution_id: &str) -> Option<Self> {
        let mut parts = solution_id.split('-');
        if parts.next() != Some("SIM") {
            return None;
        }
        let letter = parts.next()?;
        let kind = OfferKind::ALL
            .into_iter()
            .find(|kind| kind.letter() == letter)?;
        let flights: Vec<Flight> = parts.map(flight_of).collect::<Option<_>>()?;
        (1..=2)
            .contains(&flights.len())
            .then(|| Self::new(kind, flights))
    }

    fn solution_id(&self) -> String {
        let mut id = format!("SIM-{}", self.kind.letter());
        for flight in &self.flights {
            let day = flight.departure.strftime("%Y%m%d");
            let (from, to) = (&flight.from_city, &flight.to_city);
            id.push_str(&format!("-{from}{to}{day}{}", flight.number));
        }
        id
    }

    pub(super) fn departs_before(&self, now: Timestamp) -> bool {
        let now = local(now);
        self.flights.iter().any(|flight| flight.departure < now)
    }

    pub(super) fn seller(&self) -> &'static str {
        match self.kind {
            OfferKind::Own | OfferKind::Business => "飞猪自营店",
            OfferKind::Agent => "tb123456",
            OfferKind::Flagship | OfferKind::MemberPassenger | OfferKind::MemberBuyer => {
                "航司旗舰店"
            }
        }
    }

    fn supply(&self) -> &'static str {
        match self.kind {
            OfferKind::Own | OfferKind::Business => "1",
            OfferKind::Agent => "2",
            OfferKind::Flagship | OfferKind::MemberPassenger | OfferKind::MemberBuyer => "3",
        }
    }

    /// One element of `flight_item_list`, with unwrapped lists and null for absent fields.
    pub(super) fn json(&self) -> Value {
        let (cabin, class, class_name) = self.kind.cabin();
        let journeys: Vec<Value> = self
            .flights
            .iter()
            .map(|flight| json!({"flight_segment_list": [flight.json()]}))
            .collect();
        let cabins: Vec<Value> = self
            .flights
            .iter()
            .map(|flight| {
                json!({
                    "flight_segment_id": flight.segment_id(),
                    "cabin": cabin,
                    "cabin_class": class,
                    "cabin_class_name": class_name,
                    "cabin_quantity": if self.kind == OfferKind::Agent { "3" } else { "A" },
                })
            })
            .collect();
        let member = self.kind.member();
        let mut item = json!({
            "solution_id": self.solution_id(),
            "seller_nick": self.seller(),
            "supply_source_type": self.supply(),
            "flight_route": {
                "trip_type": self.flights.len(),
                "flight_journey_list": journeys,
            },
            "flight_segment_cabin_relation": cabins,
            "refund_rule": "起飞前48小时以前收取票面价10%,之后收取30%",
            "change_rule": "起飞前48小时以前收取票面价5%,之后收取20%",
            "baggage_rule": "手提8KG,托运20KG",
            "member_restrict": member.map(|_| "MEMBER"),
            "member_type": member.map(|(who, _)| who),
            "member_sub_type_list": member.map(|(_, kinds)| kinds),
        });
        let fares = [
            ("adt", Some(self.adult)),
            ("chd", Some(self.child)),
            ("inf", self.infant),
        ];
        for (prefix, fare) in fares {
            if let Some(fare) = fare {
                item[format!("{prefix}_flight_item_price")] = fare.fare.json();
                item[format!("{prefix}_build_fee")] = fare.build.json();
                item[format!("{prefix}_oil_fee")] = fare.oil.json();
                item[format!("{prefix}_total_fee")] = fare.taxes().json();
            }
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::super::timetable::{MOST, day};
    use super::*;

    #[test]
    fn an_offer_can_be_rebuilt_from_its_id_alone() {
        let date = jiff::civil::date(2030, 5, 20);
        for (from, to) in [("BJS", "XMN"), ("SHA", "CTU"), ("QQQ", "ZZZ")] {
            for flight in day(from, to, date, MOST) {
                for kind in OfferKind::ALL {
                    let offer = Offer::new(kind, vec![flight.clone(), flight.clone()]);
                    let again = Offer::parse(&offer.solution_id()).unwrap();
                    assert_eq!(again.json(), offer.json());
                    assert!(offer.adult.fare > Cents(0));
                }
            }
        }
    }
}
