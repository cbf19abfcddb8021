//! `alitrip.flight.flightchange.order.query`.

use super::{Context, Unreadable, moment, optional, required};
use crate::domain::flight_change::{FlightChange, FlightChangeKind, FlightTimes, UnreadableField};
use crate::domain::ids::OrderId;
use crate::domain::time::LocalTime;
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
/// A row has no details (`flight_change`), or its details or its order id are garbled: a list without that row would
/// suggest that the airline changed nothing.
pub fn answer(
    answer: wire::FlightChangeQueryResponse,
    _context: &Context<'_>,
) -> Result<Vec<FlightChange>, Unreadable> {
    answer.result.into_iter().map(flight_change).collect()
}

fn flight_change(row: wire::FlightChangeOrder) -> Result<FlightChange, Unreadable> {
    let reported = required(row.flight_change.0, "flight_change")?;
    let kind_code = reported.change_type.lossy();
    let mut reader = Reader::default();
    let old = reader.flight(Reported {
        flight_no: (reported.old_flight_no, "old_flight_no"),
        date: (reported.old_flight_date, "old_flight_date"),
        from: (reported.old_depart_code, "old_depart_code"),
        to: (reported.old_arrive_code, "old_arrive_code"),
        departure: (reported.old_depart_time, "old_depart_time"),
        arrival: (reported.old_arrive_time, "old_arrive_time"),
    });
    let new = reader.flight(Reported {
        flight_no: (reported.new_flight_no, "new_flight_no"),
        date: (reported.new_flight_date, "new_flight_date"),
        from: (reported.new_depart_code, "new_depart_code"),
        to: (reported.new_arrive_code, "new_arrive_code"),
        departure: (reported.new_depart_time, "new_depart_time"),
        arrival: (reported.new_arrive_time, "new_arrive_time"),
    });
    Ok(FlightChange {
        order_id: optional(row.order_id, "order_id")?,
        kind: FlightChangeKind::from_wire(kind_code),
        kind_code,
        sub_type: reported.sub_type.lossy(),
        reason: reported.change_reason.lossy(),
        notified_at: reader.read((reported.change_time, "change_time"), |text| {
            moment::time(text, None)
        }),
        old: old.unwrap_or_default(),
        new,
        unreadable: reader.unreadable,
    })
}

/// A field and TOP's name for it.
type Named = (Field<String>, &'static str);

/// One side of a schedule change, as reported.
struct Reported {
    flight_no: Named,
    date: Named,
    from: Named,
    to: Named,
    departure: Named,
    arrival: Named,
}

/// Reads fields and collects the unreadable ones.
#[derive(Default)]
struct Reader {
    unreadable: Vec<UnreadableField>,
}

impl Reader {
    /// `None` if no field of the flight is present. An unreadable field counts as present: there is a
    /// flight.
    fn flight(&mut self, reported: Reported) -> Option<FlightTimes> {
        let fields = [
            &reported.flight_no,
            &reported.date,
            &reported.from,
            &reported.to,
            &reported.departure,
            &reported.arrival,
        ];
        if fields.iter().all(|(field, _)| *field == Field::Absent) {
            return None;
        }
        let date = self.read(reported.date, moment::date);
        let departure_time = self.read(reported.departure, |text| moment::time(text, date));
        // A flight arrives on the day of departure or on the next day.
        let day = departure_time.map(LocalTime::date).or(date);
        let arrival_time = self.read(reported.arrival, |text| {
            let on_the_day = moment::time(text, day)?;
            match departure_time {
                Some(departure) if on_the_day < departure => {
                    moment::time(text, day?.tomorrow()).or(Some(on_the_day))
                }
                Some(_) | None => Some(on_the_day),
            }
        });
        Some(FlightTimes {
            flight_no: self.read(reported.flight_no, |text| text.parse().ok()),
            date,
            departure_airport: self.read(reported.from, |text| text.parse().ok()),
            arrival_airport: self.read(reported.to, |text| text.parse().ok()),
            departure_time,
            arrival_time,
        })
    }

    fn read<T>(
        &mut self,
        (field, name): Named,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        const LONGEST: usize = 64;
        let text = match field {
            Field::Absent => return None,
            Field::Value(text) => Some(text),
            Field::Unreadable => None,
        };
        let value = text.as_deref().and_then(parse);
        if value.is_none() {
            self.unreadable.push(UnreadableField {
                field: name,
                text: text.map(|text| text.chars().take(LONGEST).collect()),
            });
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::translate::samples;

    fn read(result: Value) -> Result<Vec<FlightChange>, Unreadable> {
        let wire = json!({"result": result, "is_success": true});
        answer(serde_json::from_value(wire).unwrap(), &samples::context())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let request = request(OrderId::new(1_234_125_412).unwrap());
        samples::same_request::<wire::FlightChangeQuery>(&request);
    }

    #[test]
    fn the_sample_is_read_as_a_later_departure() {
        let found = answer(
            samples::answer::<wire::FlightChangeQuery>(),
            &samples::context(),
        )
        .unwrap();
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
    fn times_are_read_in_every_format_or_reported_as_unreadable() {
        let read = |departure: Value, arrival: Value| {
            let reported = json!({
                "new_flight_date": "2030-05-20",
                "new_depart_time": departure, "new_arrive_time": arrival,
            });
            let mut found = read(json!([{"flight_change": reported}])).unwrap();
            let change = found.remove(0);
            let new = change.new.unwrap();
            let text = |time: Option<LocalTime>| time.map(|time| time.to_string());
            let times = (text(new.departure_time), text(new.arrival_time));
            (times, change.unreadable)
        };
        let time = |text: &str| Some(format!("2030-05-{text}:00+08:00"));
        for (departure, arrival) in [
            (json!("2030-05-20 22:45:00"), json!("2030-05-21 01:35:00")),
            (json!("2030-05-20 22:45"), json!("2030-05-21 01:35")),
            (json!("2030-05-20T22:45:00"), json!("2030-05-21T01:35")),
            (
                json!("2030-05-20T14:45:00Z"),
                json!("2030-05-20T17:35:00.000Z"),
            ),
            (json!("2030/5/20 22:45"), json!("2030/05/21 1:35:00")),
            (json!("20300520224500"), json!("203005210135")),
            (
                json!("2030年05月20日22时45分"),
                json!("2030年5月21日 01:35"),
            ),
            (json!(1_905_518_700_000_u64), json!("1905528900")),
            (json!("22:45"), json!("01:35")),
            (json!("22:45:00"), json!("1:35")),
            (json!("2245"), json!("0135")),
            (json!("22:45"), json!("01:35+1")),
        ] {
            let found = read(departure.clone(), arrival.clone());
            let expected = ((time("20T22:45"), time("21T01:35")), Vec::new());
            assert_eq!(found, expected, "{departure} {arrival}");
        }
        for wrong in [
            "soon",
            "25:00",
            "2030-13-01 08:45",
            "2030-05-20",
            "08:45:00:00",
        ] {
            let (times, unreadable) = read(json!("22:45"), json!(wrong));
            assert_eq!(times, (time("20T22:45"), None), "{wrong}");
            let text = Some(wrong.to_owned());
            let field = "new_arrive_time";
            assert_eq!(unreadable, [UnreadableField { field, text }]);
        }
        let (_, unreadable) = read(json!({"at": 1}), json!(null));
        let (field, text) = ("new_depart_time", None);
        assert_eq!(unreadable, [UnreadableField { field, text }]);
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
        for (reported, has_new) in [
            (json!({"change_type": 1, "old_flight_no": "CZ8957"}), false),
            (
                json!({"change_type": 1, "new_flight_no": "", "new_flight_date": null}),
                false,
            ),
            (json!({"change_type": 1, "new_flight_no": "CZ1"}), true),
            (json!({"change_type": 2, "new_depart_time": "10:45"}), true),
        ] {
            let found = read(json!([{"flight_change": reported}])).unwrap();
            assert_eq!(found[0].new.is_some(), has_new, "{reported}");
        }
    }

    #[test]
    fn a_schedule_change_without_details_proves_nothing() {
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
    fn an_unlisted_kind_is_other() {
        for (reported, kind_code) in [(json!(9), Some(9)), (json!("gone"), None)] {
            let row = json!({"flight_change": {"change_type": reported, "sub_type": "?"}});
            let found = read(json!([row])).unwrap();
            let kind = (found[0].kind, found[0].kind_code);
            assert_eq!(kind, (FlightChangeKind::Other, kind_code));
        }
    }
}
