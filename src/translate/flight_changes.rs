//! `alitrip.flight.flightchange.order.query`.

use super::{Unreadable, optional, required};
use crate::domain::flight_change::{FlightChange, FlightChangeKind, FlightTimes};
use crate::domain::ids::OrderId;
use crate::domain::time::{LocalDate, LocalTime};
use crate::domain::trip::{AirportCode, FlightNo};
use crate::top::lenient::Field;
use crate::top::wire;

/// The request for the schedule changes of an order.
#[must_use]
pub fn request(order_id: OrderId) -> wire::QueryFlightChangeOrderReq {
    wire::QueryFlightChangeOrderReq {
        order_id: order_id.get(),
    }
}

/// The schedule changes of an order.
///
/// # Errors
/// One of them does not say what it is, or its kind or order is garbled: a list without it would
/// say that nothing happened.
pub fn answer(answer: wire::FlightChangeQueryResponse) -> Result<Vec<FlightChange>, Unreadable> {
    answer.result.into_iter().map(flight_change).collect()
}

fn flight_change(row: wire::FlightChangeOrder) -> Result<FlightChange, Unreadable> {
    let told = required(row.flight_change.0, "flight_change")?;
    let kind_code = told.change_type.lossy();
    let old = Told {
        flight_no: told.old_flight_no,
        date: told.old_flight_date,
        from: told.old_depart_code,
        to: told.old_arrive_code,
        departure: told.old_depart_time,
        arrival: told.old_arrive_time,
    };
    let new = Told {
        flight_no: told.new_flight_no,
        date: told.new_flight_date,
        from: told.new_depart_code,
        to: told.new_arrive_code,
        departure: told.new_depart_time,
        arrival: told.new_arrive_time,
    };
    Ok(FlightChange {
        order_id: optional(row.order_id, "order_id")?,
        kind: FlightChangeKind::from_wire(kind_code),
        kind_code,
        sub_type: told.sub_type.lossy(),
        reason: told.change_reason.lossy(),
        notified_at: told.change_time.lossy(),
        old: old.times(),
        new: (!new.is_absent()).then(|| new.times()),
    })
}

/// One side of a schedule change, as it was told.
struct Told {
    flight_no: Field<FlightNo>,
    date: Field<LocalDate>,
    from: Field<AirportCode>,
    to: Field<AirportCode>,
    departure: Field<LocalTime>,
    arrival: Field<LocalTime>,
}

impl Told {
    /// Whether nothing is told of the flight. A garbled field tells that there is one.
    fn is_absent(&self) -> bool {
        matches!(self.flight_no, Field::Absent)
            && matches!(self.date, Field::Absent)
            && matches!(self.from, Field::Absent)
            && matches!(self.to, Field::Absent)
            && matches!(self.departure, Field::Absent)
            && matches!(self.arrival, Field::Absent)
    }

    fn times(self) -> FlightTimes {
        FlightTimes {
            flight_no: self.flight_no.lossy(),
            date: self.date.lossy(),
            departure_airport: self.from.lossy(),
            arrival_airport: self.to.lossy(),
            departure_time: self.departure.lossy(),
            arrival_time: self.arrival.lossy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::translate::samples;

    fn read(result: Value) -> Result<Vec<FlightChange>, Unreadable> {
        let wire = json!({"result": result, "is_success": true});
        answer(serde_json::from_value(wire).unwrap())
    }

    #[test]
    fn the_request_is_the_samples() {
        let request = request(OrderId::new(1_234_125_412).unwrap());
        samples::same_request::<wire::FlightChangeQuery>(&request);
    }

    #[test]
    fn the_sample_is_a_flight_that_leaves_later() {
        let found = answer(samples::answer::<wire::FlightChangeQuery>()).unwrap();
        let [change] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(change.kind, FlightChangeKind::Changed);
        assert_eq!((change.kind_code, change.sub_type), (Some(2), Some(1)));
        assert_eq!(change.reason.as_deref(), Some("计划变更"));
        let new = change.new.as_ref().unwrap();
        assert_eq!(new.flight_no, change.old.flight_no);
        assert_eq!(new.date.unwrap().to_string(), "2030-05-20");
        let leaves = |times: &FlightTimes| times.departure_time.unwrap().to_string();
        assert_eq!(leaves(&change.old), "2030-05-20T08:45:00+08:00");
        assert_eq!(leaves(new), "2030-05-20T10:45:00+08:00");
    }

    #[test]
    fn both_spellings_of_the_wrapper_are_read() {
        let row = json!({"order_id": 5, "flight_change": {"change_type": 1}});
        for result in [
            json!({"flight_change_order_d_t_o": [row]}),
            json!({"flight_change_order_dto": [row]}),
            json!({"flight_change_order_dto": row}),
            json!([row]),
        ] {
            let found = read(result.clone()).unwrap();
            assert_eq!(found.len(), 1, "{result}");
            assert_eq!(found[0].kind, FlightChangeKind::Cancelled, "{result}");
        }
        for empty in [
            json!(null),
            json!({}),
            json!({"flight_change_order_dto": []}),
        ] {
            assert_eq!(read(empty).unwrap(), []);
        }
    }

    #[test]
    fn a_cancelled_flight_has_no_new_one() {
        for (said, has_new) in [
            (json!({"change_type": 1, "old_flight_no": "CZ8957"}), false),
            (
                json!({"change_type": 1, "new_flight_no": "", "new_flight_date": null}),
                false,
            ),
            (json!({"change_type": 1, "new_flight_no": "CZ1"}), true),
            (json!({"change_type": 2, "new_depart_time": "10:45"}), true),
        ] {
            let found = read(json!([{"flight_change": said}])).unwrap();
            assert_eq!(found[0].new.is_some(), has_new, "{said}");
        }
    }

    #[test]
    fn a_change_that_does_not_say_what_it_is_proves_nothing() {
        for (row, field) in [
            (json!({"order_id": 5}), "flight_change"),
            (json!({"flight_change": [1]}), "flight_change"),
            (
                json!({"another_wrapper": [{"order_id": 5}]}),
                "flight_change",
            ),
            (json!({"order_id": "x", "flight_change": {}}), "order_id"),
        ] {
            assert_eq!(read(json!([row])).unwrap_err().field, field, "{row}");
        }
    }

    #[test]
    fn a_kind_that_is_not_listed_is_other() {
        for (told, kind_code) in [(json!(9), Some(9)), (json!("gone"), None)] {
            let row = json!({"flight_change": {"change_type": told, "sub_type": "?"}});
            let found = read(json!([row])).unwrap();
            let kind = (found[0].kind, found[0].kind_code);
            assert_eq!(kind, (FlightChangeKind::Other, kind_code));
        }
    }
}
