//! Which actions an order or a change allows: a pure function of its data and the time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::{Change, ChangeStatus};
use super::ids::PassengerId;
use super::money::Money;
use super::order::{Order, OrderStatus};
use super::refund::{Refund, RefundStatus};
use super::time::LocalTime;
use super::trip::{FlightNo, Segment};

/// An action that a caller may request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Pay the order or the change.
    Pay,
    /// Close the unpaid order.
    Close,
    /// Request a refund quote and apply for the refund.
    Refund,
    /// Change the ticket to another flight.
    Change,
    /// Cancel the unpaid change.
    Cancel,
}

/// Whether payment is still in time: before the deadline, or always if there is no deadline.
#[must_use]
pub fn in_time(pay_before: Option<LocalTime>, now: LocalTime) -> bool {
    pay_before.is_none_or(|before| now < before)
}

/// The refunds and changes of an order since its tickets were issued, as far as they were read.
#[derive(Debug, Clone, Copy, Default)]
pub struct After<'a> {
    /// The refunds of the order.
    pub refunds: &'a [Refund],
    /// The changes of the order.
    pub changes: &'a [Change],
    /// Whether some refunds or changes could not be read, so that it is unknown which tickets they hold.
    pub incomplete: bool,
}

impl After<'_> {
    /// Whether a refund or change prevents the passenger's ticket from being refunded or changed. `flights` is the
    /// order's number of flights: with several, a completed refund may cover only some of the flights.
    fn holds(self, traveller: &PassengerId, flights: usize) -> bool {
        let refunds = self.refunds.iter().filter(|refund| match refund.status {
            _ if refund.supplementary == Some(true) => false,
            RefundStatus::Applied | RefundStatus::InProgress => true,
            RefundStatus::Refunded => flights <= 1,
            RefundStatus::Rejected | RefundStatus::Other => false,
        });
        let changes = self.changes.iter().filter(|change| match change.status {
            ChangeStatus::Submitted
            | ChangeStatus::AwaitingPayment
            | ChangeStatus::AwaitingTicketing => true,
            ChangeStatus::Closed | ChangeStatus::Ticketed | ChangeStatus::Other => false,
        });
        let refunded = refunds.flat_map(|refund| refund.passengers.iter().map(|p| &p.passenger_id));
        let changed = changes.flat_map(|change| change.passengers.iter().map(|p| &p.passenger_id));
        refunded
            .chain(changed)
            .any(|id| id.as_ref() == Some(traveller))
    }

    /// Whether the passenger still has a flight that has not departed, as far as is known. A ticketed change of this
    /// passenger, or of all passengers, replaces flights with new ones. A change that possibly concerns this passenger
    /// adds its new flights and replaces none.
    fn flies(self, traveller: Option<&PassengerId>, order: &Order, now: LocalTime) -> bool {
        let passenger_count = order.passengers.len();
        let is_theirs = |change: &&Change| {
            let mut ids = change.passengers.iter().map(|p| p.passenger_id.as_ref());
            (passenger_count > 0 && ids.len() >= passenger_count)
                || (traveller.is_some() && ids.any(|id| id == traveller))
        };
        let may_be_theirs = |change: &&Change| {
            let mut ids = change.passengers.iter().map(|p| p.passenger_id.as_ref());
            traveller.is_none() || ids.len() == 0 || ids.any(|id| id.is_none())
        };
        let ticketed = self.changes.iter();
        let ticketed = ticketed.filter(|change| change.status == ChangeStatus::Ticketed);
        let ticketed = in_order(ticketed.collect());
        let flights: Vec<_> = order.journeys.iter().flat_map(|j| &j.segments).collect();
        let is_kept = |flight: &&&Segment| {
            let names_it = |change: &&Change| {
                let mut replaced = change.segments.iter().map(|new| new.replaces.as_ref());
                replaced.any(|id| id == Some(&flight.segment_id))
                    || replaced_flight(change, &flight.marketing_flight_no, flight.departure_time)
            };
            let mut theirs = ticketed.iter().filter(|change| is_theirs(change));
            !theirs.any(|change| flights.len() == 1 || names_it(change))
        };
        let kept = flights.iter().filter(is_kept);
        let mut departures: Vec<_> = kept.map(|flight| Some(flight.departure_time)).collect();
        for (number, change) in ticketed.iter().enumerate() {
            if !is_theirs(change) && !may_be_theirs(change) {
                continue;
            }
            if change.segments.is_empty() {
                departures.push(None);
            }
            for new in &change.segments {
                let reported = new.marketing_flight_no.as_ref().zip(new.departure_time);
                let replaces_it = |later: &&Change| {
                    is_theirs(later)
                        && reported.is_some_and(|(flight, at)| replaced_flight(later, flight, at))
                };
                if !ticketed[number + 1..].iter().any(replaces_it) {
                    departures.push(new.departure_time);
                }
            }
        }
        // A missing itinerary or departure time counts as not departed.
        departures.is_empty() || departures.iter().any(|at| at.is_none_or(|at| now < at))
    }
}

/// Changes in the order of their creation: by time, or by number unless all times are known.
fn in_order(mut changes: Vec<&Change>) -> Vec<&Change> {
    let timed = changes.iter().all(|change| change.created_at.is_some());
    changes.sort_by_key(|change| {
        let created_at = change.created_at.filter(|_| timed);
        (created_at, change.change_order_no)
    });
    changes
}

/// Whether the change replaced this flight.
fn replaced_flight(change: &Change, flight: &FlightNo, departure: LocalTime) -> bool {
    let mut flights = change.original_segments.iter();
    flights.any(|old| old.marketing_flight_no == *flight && old.departure_time == departure)
}

/// The actions that an order allows. Fields take precedence over the status, which is a Chinese phrase: an order with
/// an unlisted status may be paid if nothing shows that it is paid. If refunds and changes, in progress or completed,
/// hold the tickets of all passengers, nothing can be refunded or changed.
#[must_use]
pub fn of_order(order: &Order, after: After<'_>, now: LocalTime) -> Vec<Action> {
    let paid = order.paid_at.is_some() || order.paid_price.is_some_and(|p| p > Money::ZERO);
    let in_time = in_time(order.pay_before, now);
    let unpaid = || match in_time {
        true => vec![Action::Pay, Action::Close],
        false => vec![Action::Close],
    };
    let ticketed = || {
        let flights = order.journeys.iter().map(|j| j.segments.len()).sum();
        let travellers = order.passengers.iter().map(|p| p.passenger_id.as_ref());
        let mut travellers: Vec<_> = travellers.collect();
        if travellers.is_empty() {
            travellers.push(None);
        }
        travellers.retain(|id| !id.is_some_and(|id| after.holds(id, flights)));
        if travellers.is_empty() || after.incomplete {
            Vec::new()
        } else if travellers.iter().any(|id| after.flies(*id, order, now)) {
            vec![Action::Refund, Action::Change]
        } else {
            vec![Action::Refund]
        }
    };
    match order.status {
        OrderStatus::Booked | OrderStatus::Other if !paid && order.payment_unclear => Vec::new(),
        OrderStatus::Booked if paid => Vec::new(),
        OrderStatus::Booked => unpaid(),
        OrderStatus::Ticketed => ticketed(),
        OrderStatus::Other if paid => ticketed(),
        OrderStatus::Other => unpaid(),
        OrderStatus::Creating
        | OrderStatus::Paid
        | OrderStatus::Ticketing
        | OrderStatus::Closed
        | OrderStatus::Failed => Vec::new(),
    }
}

/// The actions that a change allows.
#[must_use]
pub fn of_change(change: &Change, now: LocalTime) -> Vec<Action> {
    let in_time = in_time(change.pay_before, now);
    let known = change.total_price.is_some();
    match change.status {
        _ if change.paid_at.is_some() || change.payment_unclear => Vec::new(),
        ChangeStatus::Submitted => vec![Action::Cancel],
        ChangeStatus::AwaitingPayment | ChangeStatus::Other if in_time && known => {
            vec![Action::Pay, Action::Cancel]
        }
        ChangeStatus::AwaitingPayment | ChangeStatus::Other => vec![Action::Cancel],
        ChangeStatus::AwaitingTicketing | ChangeStatus::Closed | ChangeStatus::Ticketed => {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{ChangePassenger, ChangedSegment};
    use crate::domain::ids::{ChangeOrderNo, OrderId, RefundOrderNo};
    use crate::domain::order::OrderPassenger;
    use crate::domain::refund::RefundPassenger;
    use crate::domain::trip::Journey;

    fn at(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    fn flight(departure: &str) -> Segment {
        let wire = serde_json::json!({
            "segment_id": "S", "marketing_airline": null, "marketing_flight_no": "CZ8957",
            "operating_airline": null, "operating_flight_no": null, "code_share": null,
            "departure_airport": "PKX", "departure_terminal": null, "departure_time": departure,
            "arrival_airport": "XMN", "arrival_terminal": null, "arrival_time": departure,
            "aircraft": null, "departure_city": null, "arrival_city": null,
            "departure_city_name": null, "arrival_city_name": null,
            "duration_minutes": null, "stops": null, "stop_cities": [],
        });
        serde_json::from_value(wire).unwrap()
    }

    fn order(status: OrderStatus) -> Order {
        Order {
            order_id: OrderId::new(1).unwrap(),
            out_order_no: None,
            status,
            status_text: String::new(),
            seller: None,
            booked_at: None,
            pay_before: Some(at("2030-05-01T10:30:00+08:00")),
            paid_at: None,
            payment_unclear: false,
            ticketed_at: None,
            total_price: None,
            paid_price: None,
            trade_no: None,
            alipay_trade_no: None,
            passengers: Vec::new(),
            trip_type: None,
            journeys: vec![Journey {
                segments: vec![flight("2030-05-20T08:45:00+08:00")],
            }],
        }
    }

    const EARLY: &str = "2030-05-01T10:00:00+08:00";
    const LATE: &str = "2030-05-01T11:00:00+08:00";
    const FLOWN: &str = "2030-05-21T00:00:00+08:00";

    #[test]
    fn actions_of_orders() {
        use Action::{Change, Close, Pay, Refund};
        use OrderStatus as S;
        for (status, paid, now, expected) in [
            (S::Creating, false, EARLY, &[][..]),
            (S::Booked, false, EARLY, &[Pay, Close]),
            (S::Booked, false, LATE, &[Close]),
            (S::Booked, true, EARLY, &[]),
            (S::Paid, true, EARLY, &[]),
            (S::Ticketing, true, EARLY, &[]),
            (S::Ticketed, true, EARLY, &[Refund, Change]),
            (S::Ticketed, true, FLOWN, &[Refund]),
            (S::Closed, false, EARLY, &[]),
            (S::Failed, true, EARLY, &[]),
            (S::Other, false, EARLY, &[Pay, Close]),
            (S::Other, true, EARLY, &[Refund, Change]),
        ] {
            let mut order = order(status);
            order.paid_at = paid.then(|| at(EARLY));
            assert_eq!(
                of_order(&order, After::default(), at(now)),
                expected,
                "{status:?} {paid} {now}"
            );
        }
        for status in [S::Booked, S::Other] {
            let mut unclear = order(status);
            unclear.payment_unclear = true;
            assert_eq!(
                of_order(&unclear, After::default(), at(EARLY)),
                [],
                "{status:?}"
            );
        }
        let mut without_itinerary = order(S::Ticketed);
        without_itinerary.journeys.clear();
        assert_eq!(
            of_order(&without_itinerary, After::default(), at(FLOWN)),
            [Refund, Change]
        );
    }

    fn traveller(number: u32) -> Option<PassengerId> {
        Some(format!("psg_{number:032x}").parse().unwrap())
    }

    fn refund(status: RefundStatus, number: u32) -> super::Refund {
        super::Refund {
            refund_order_no: RefundOrderNo::new(1).unwrap(),
            order_id: None,
            out_refund_no: None,
            kind: None,
            kind_code: None,
            status,
            status_code: None,
            supplementary: None,
            fee: None,
            refund_amount: None,
            applied_at: None,
            refunded_at: None,
            reason: None,
            rejected_because: None,
            trade_no: None,
            passengers: vec![RefundPassenger {
                passenger_id: traveller(number),
                ..RefundPassenger::default()
            }],
            segments: Vec::new(),
            attachments: Vec::new(),
            attachment_awaited: None,
        }
    }

    fn change(status: ChangeStatus, number: u32) -> super::Change {
        super::Change {
            change_order_no: ChangeOrderNo::new(1).unwrap(),
            order_id: None,
            out_change_no: None,
            status,
            status_code: 0,
            kind: None,
            total_price: None,
            created_at: None,
            pay_before: Some(at("2030-05-01T10:30:00+08:00")),
            paid_at: None,
            payment_unclear: false,
            trade_no: None,
            close_reason: None,
            passengers: vec![ChangePassenger {
                passenger_id: traveller(number),
                ..ChangePassenger::default()
            }],
            original_segments: Vec::new(),
            segments: Vec::new(),
        }
    }

    #[test]
    fn no_action_if_refunds_and_changes_hold_all_tickets() {
        use Action::{Change, Refund};
        use ChangeStatus as C;
        use RefundStatus as R;
        let both = &[Refund, Change][..];
        let of = |flights: usize, refunds: &[(R, u32)], changes: &[(C, u32)]| {
            let mut order = order(OrderStatus::Ticketed);
            order.passengers = vec![passenger(1), passenger(2)];
            let segments = &mut order.journeys[0].segments;
            *segments = vec![segments[0].clone(); flights];
            let refunds: Vec<_> = refunds.iter().map(|(s, n)| refund(*s, *n)).collect();
            let changes: Vec<_> = changes.iter().map(|(s, n)| change(*s, *n)).collect();
            let after = After {
                refunds: &refunds,
                changes: &changes,
                incomplete: false,
            };
            of_order(&order, after, at(EARLY))
        };
        for (refunds, changes, expected) in [
            (&[][..], &[][..], both),
            (&[(R::Applied, 1)], &[], both),
            (&[(R::Applied, 1), (R::InProgress, 2)], &[], &[]),
            (&[(R::Refunded, 1), (R::Refunded, 2)], &[], &[]),
            (&[(R::Rejected, 1), (R::Refunded, 2)], &[], both),
            (&[(R::Other, 1), (R::Refunded, 2)], &[], both),
            (&[(R::Applied, 1)], &[(C::Submitted, 2)], &[]),
            (
                &[],
                &[(C::AwaitingPayment, 1), (C::AwaitingTicketing, 2)],
                &[],
            ),
            (&[], &[(C::Ticketed, 1), (C::Closed, 2)], both),
        ] {
            assert_eq!(of(1, refunds, changes), expected, "{refunds:?} {changes:?}");
        }
        // With two flights, the refund may cover only one.
        let refunded = [(R::Refunded, 1), (R::Refunded, 2)];
        assert_eq!(of(2, &refunded, &[]), both);
        assert_eq!(of(2, &[(R::Applied, 1), (R::Applied, 2)], &[]), []);

        let mut supplementary = [refund(R::Applied, 1), refund(R::Applied, 2)];
        supplementary
            .iter_mut()
            .for_each(|r| r.supplementary = Some(true));
        let after = After {
            refunds: &supplementary,
            ..After::default()
        };
        let mut order = order(OrderStatus::Ticketed);
        order.passengers = vec![passenger(1), passenger(2)];
        assert_eq!(of_order(&order, after, at(EARLY)), both);
        // The ticket of a passenger without an id is never held.
        order.passengers[0].passenger_id = None;
        let applied = [refund(R::Applied, 2)];
        let after = After {
            refunds: &applied,
            ..After::default()
        };
        assert_eq!(of_order(&order, after, at(EARLY)), both);
    }

    #[test]
    fn no_action_if_refunds_or_changes_could_not_be_read() {
        let order = order(OrderStatus::Ticketed);
        let after = After {
            incomplete: true,
            ..After::default()
        };
        assert_eq!(of_order(&order, after, at(EARLY)), []);
        let unpaid = super::Order {
            status: OrderStatus::Booked,
            ..order
        };
        let actions = of_order(&unpaid, after, at(EARLY));
        assert_eq!(actions, [Action::Pay, Action::Close]);
    }

    /// A ticketed change of these passengers from one flight to another.
    fn moved(number: u64, passengers: &[Option<u32>], from: &str, to: &[&str]) -> super::Change {
        let passengers = passengers.iter().map(|number| ChangePassenger {
            passenger_id: number.and_then(traveller),
            ..ChangePassenger::default()
        });
        super::Change {
            change_order_no: ChangeOrderNo::new(number).unwrap(),
            passengers: passengers.collect(),
            original_segments: vec![flight(from)],
            segments: to.iter().map(|departure| segment_at(departure)).collect(),
            ..change(ChangeStatus::Ticketed, 1)
        }
    }

    #[test]
    fn a_changed_ticket_departs_with_its_new_flight() {
        const BEFORE: &str = "2030-05-19T08:45:00+08:00";
        const DEPARTURE: &str = "2030-05-20T08:45:00+08:00";
        const AFTER: &str = "2030-05-22T08:45:00+08:00";
        const BETWEEN: &str = "2030-05-20T00:00:00+08:00";
        let both = [Some(1), Some(2)];
        let earlier = moved(1, &both, DEPARTURE, &[BEFORE]);
        let later = moved(1, &both, DEPARTURE, &[AFTER]);
        let without_new_flight = moved(1, &both, DEPARTURE, &[]);
        let one = moved(1, &[Some(1)], DEPARTURE, &[BEFORE]);
        let other = moved(2, &[Some(2)], DEPARTURE, &[BEFORE]);
        let unidentified = moved(1, &[None], DEPARTURE, &[BEFORE]);
        let all_unidentified = moved(1, &[None, None], DEPARTURE, &[BEFORE]);
        let again = moved(2, &both, AFTER, &[BEFORE]);
        for (changes, now, flies) in [
            (vec![later.clone()], FLOWN, true),
            (vec![earlier.clone()], EARLY, true),
            (vec![earlier], BETWEEN, false),
            // The new flight is unknown.
            (vec![without_new_flight], FLOWN, true),
            // The other passenger flies as booked.
            (vec![one.clone()], BETWEEN, true),
            (vec![one, other], BETWEEN, false),
            // It is unknown whose ticket was changed.
            (vec![unidentified], BETWEEN, true),
            (vec![all_unidentified], BETWEEN, false),
            // Changed to a later flight, and then to an earlier one.
            (vec![later, again], FLOWN, false),
        ] {
            let mut order = order(OrderStatus::Ticketed);
            order.passengers = vec![passenger(1), passenger(2)];
            let after = After {
                changes: &changes,
                ..After::default()
            };
            let expected = match flies {
                true => &[Action::Refund, Action::Change][..],
                false => &[Action::Refund],
            };
            assert_eq!(
                of_order(&order, after, at(now)),
                expected,
                "{now} {changes:?}"
            );
        }
        // Of two flights, only the changed one is replaced.
        let mut order = order(OrderStatus::Ticketed);
        order.passengers = vec![passenger(1)];
        let mut back = flight(AFTER);
        back.segment_id = "T".to_owned();
        order.journeys[0].segments.push(back);
        let mut outbound = moved(1, &[Some(1)], DEPARTURE, &[BEFORE]);
        outbound.original_segments.clear();
        for (replaces, flies) in [("S", true), ("T", false)] {
            outbound.segments[0].replaces = Some(replaces.to_owned());
            let changes = [outbound.clone()];
            let after = After {
                changes: &changes,
                ..After::default()
            };
            let actions = of_order(&order, after, at(FLOWN));
            assert_eq!(actions.contains(&Action::Change), flies, "{replaces}");
        }
    }

    #[test]
    fn a_ticket_that_was_changed_back_flies_as_booked() {
        const BOOKED: &str = "2030-05-20T08:45:00+08:00";
        const BETWEEN: &str = "2030-05-22T08:45:00+08:00";
        const RETURN: &str = "2030-05-25T08:45:00+08:00";
        const RETURN_LATER: &str = "2030-05-27T08:45:00+08:00";
        let created = |change: super::Change, time: Option<&str>| super::Change {
            created_at: time.map(at),
            ..change
        };
        let there = |number| moved(number, &[Some(1)], BOOKED, &[BETWEEN]);
        let back = |number| moved(number, &[Some(1)], BETWEEN, &[BOOKED]);
        let actions = |order: &super::Order, changes: &[super::Change], now| {
            let after = After {
                changes,
                ..After::default()
            };
            of_order(order, after, at(now))
        };
        let mut order = order(OrderStatus::Ticketed);
        order.passengers = vec![passenger(1)];
        for (changes, flies) in [
            // By number, whatever the list's order.
            ([there(1), back(2)], false),
            ([back(2), there(1)], false),
            ([back(1), there(2)], true),
            // The creation time takes precedence over the number.
            (
                [created(there(2), Some(EARLY)), created(back(1), Some(LATE))],
                false,
            ),
            (
                [created(there(1), Some(LATE)), created(back(2), Some(EARLY))],
                true,
            ),
            // One time is unknown.
            ([created(there(1), Some(EARLY)), back(2)], false),
        ] {
            let offered = actions(&order, &changes, FLOWN);
            assert_eq!(offered.contains(&Action::Change), flies, "{changes:?}");
            assert!(actions(&order, &changes, EARLY).contains(&Action::Change));
        }
        // The outbound flight has departed; the return flight was changed, and changed back.
        let mut returning = flight(RETURN);
        returning.segment_id = "T".to_owned();
        order.journeys[0].segments.push(returning);
        let changes = [
            moved(1, &[Some(1)], RETURN, &[RETURN_LATER]),
            moved(2, &[Some(1)], RETURN_LATER, &[RETURN]),
        ];
        let offered = actions(&order, &changes, FLOWN);
        assert!(offered.contains(&Action::Change), "{offered:?}");
    }

    fn passenger(number: u32) -> OrderPassenger {
        OrderPassenger {
            passenger_id: traveller(number),
            name: None,
            kind: None,
            document: None,
            birth_date: None,
            mobile_country_code: None,
            mobile: None,
            fare: None,
            cabins: Vec::new(),
            tickets: Vec::new(),
        }
    }

    fn segment_at(departure: &str) -> ChangedSegment {
        ChangedSegment {
            replaces: None,
            marketing_flight_no: Some("CZ8957".parse().unwrap()),
            operating_flight_no: None,
            departure_city: None,
            arrival_city: None,
            departure_airport: None,
            arrival_airport: None,
            departure_time: Some(at(departure)),
            arrival_time: None,
            cabin: None,
            cabin_class: None,
        }
    }

    #[test]
    fn actions_of_changes() {
        use Action::{Cancel, Pay};
        use ChangeStatus as S;
        for (status, total, paid, now, expected) in [
            (S::Submitted, false, false, EARLY, &[Cancel][..]),
            (S::AwaitingPayment, true, false, EARLY, &[Pay, Cancel]),
            (S::AwaitingPayment, false, false, EARLY, &[Cancel]),
            (S::AwaitingPayment, true, false, LATE, &[Cancel]),
            (S::AwaitingPayment, true, true, EARLY, &[]),
            (S::AwaitingTicketing, true, true, EARLY, &[]),
            (S::Closed, true, false, EARLY, &[]),
            (S::Ticketed, true, true, EARLY, &[]),
            (S::Other, true, false, EARLY, &[Pay, Cancel]),
            (S::Other, true, true, EARLY, &[]),
        ] {
            let change = super::Change {
                total_price: total.then_some(Money::ZERO),
                paid_at: paid.then(|| at(EARLY)),
                ..change(status, 1)
            };
            assert_eq!(
                of_change(&change, at(now)),
                expected,
                "{status:?} {paid} {now}"
            );
        }
    }
}
