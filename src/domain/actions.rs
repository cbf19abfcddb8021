//! What may be done next with an order or a change: pure, from what it says of itself and the time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::{Change, ChangeStatus};
use super::money::Money;
use super::order::{Order, OrderStatus};
use super::time::LocalTime;

/// Something a caller may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Pay it.
    Pay,
    /// Close the unpaid order.
    Close,
    /// Have a refund quoted and apply for it.
    Refund,
    /// Change the ticket to another flight.
    Change,
    /// Cancel the unpaid change.
    Cancel,
}

/// Whether there is still time to pay: up to the deadline, and without one always.
#[must_use]
pub fn in_time(pay_before: Option<LocalTime>, now: LocalTime) -> bool {
    pay_before.is_none_or(|before| now < before)
}

/// What may be done with an order. Fields beat the status, which is a Chinese phrase: an order whose
/// status is not listed may be paid where nothing shows that it was.
#[must_use]
pub fn of_order(order: &Order, now: LocalTime) -> Vec<Action> {
    let paid = order.paid_at.is_some() || order.paid_price.is_some_and(|p| p > Money::ZERO);
    let in_time = in_time(order.pay_before, now);
    let unpaid = || match in_time {
        true => vec![Action::Pay, Action::Close],
        false => vec![Action::Close],
    };
    let ticketed = || {
        let departures = order.journeys.iter().flat_map(|j| &j.segments);
        let mut departures = departures.map(|s| s.departure_time).peekable();
        // An itinerary that is not told has not departed as far as is known.
        let flies = departures.peek().is_none() || departures.any(|at| now < at);
        match flies {
            true => vec![Action::Refund, Action::Change],
            false => vec![Action::Refund],
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

/// What may be done with a change.
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
    use crate::domain::ids::{ChangeOrderNo, OrderId};
    use crate::domain::trip::{Journey, Segment};

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
        for (status, paid, now, wanted) in [
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
            assert_eq!(of_order(&order, at(now)), wanted, "{status:?} {paid} {now}");
        }
        for status in [S::Booked, S::Other] {
            let mut unclear = order(status);
            unclear.payment_unclear = true;
            assert_eq!(of_order(&unclear, at(EARLY)), [], "{status:?}");
        }
        let mut untold = order(S::Ticketed);
        untold.journeys.clear();
        assert_eq!(of_order(&untold, at(FLOWN)), [Refund, Change]);
    }

    #[test]
    fn actions_of_changes() {
        use Action::{Cancel, Pay};
        use ChangeStatus as S;
        for (status, total, paid, now, wanted) in [
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
                change_order_no: ChangeOrderNo::new(1).unwrap(),
                order_id: None,
                out_change_no: None,
                status,
                status_code: 0,
                kind: None,
                total_price: total.then_some(Money::ZERO),
                created_at: None,
                pay_before: Some(at("2030-05-01T10:30:00+08:00")),
                paid_at: paid.then(|| at(EARLY)),
                payment_unclear: false,
                trade_no: None,
                close_reason: None,
                passengers: Vec::new(),
                original_segments: Vec::new(),
                segments: Vec::new(),
            };
            assert_eq!(
                of_change(&change, at(now)),
                wanted,
                "{status:?} {paid} {now}"
            );
        }
    }
}
