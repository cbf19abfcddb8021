//! `alitrip.flight.service.queryorderdetail`.

use super::{Context, Unreadable, optional, parts, required};
use crate::domain::ids::OrderId;
use crate::domain::order::{Order, OrderPassenger, PassengerFare};
use crate::domain::payment_time::PaymentTime;
use crate::domain::trip::Journey;
use crate::top::lenient::Field;
use crate::top::wire;

/// The request for one order, by order id, by the caller's order number, or by both.
#[must_use]
pub fn request(
    order_id: Option<OrderId>,
    out_order_no: Option<&str>,
) -> wire::QueryOrderDetailRequest {
    wire::QueryOrderDetailRequest {
        order_id: order_id.map(OrderId::get),
        out_order_no: out_order_no.map(str::to_owned),
    }
}

/// The order. A status outside the vocabulary is `Other`, never an error; a missing itinerary is
/// empty.
///
/// # Errors
/// The response has no order id, or an amount, the ticketing time or the itinerary is garbled.
pub fn answer(
    answer: wire::QueryOrderDetailResponse,
    context: &Context<'_>,
) -> Result<Order, Unreadable> {
    let order_id = required(answer.order_id, "order_id")?;
    let (status, status_text) = parts::status(answer.order_status, &context.vocabulary.statuses);
    let (trip_type, journeys) = match optional(answer.flight_route.0, "flight_route")? {
        Some(route) => parts::itinerary(route)?,
        None => (None, Vec::new()),
    };
    let only_segment = only_segment(&journeys);
    let mut passengers = answer
        .flight_book_order_detail_list
        .into_iter()
        .map(|detail| passenger(detail, only_segment, context))
        .collect::<Result<Vec<_>, _>>()?;
    parts::drop_shared_ids(
        &mut passengers,
        |p| &mut p.passenger_id,
        |p| p.name.as_ref(),
    );
    let booked_at = answer.book_time.lossy();
    let paid_at = PaymentTime::assess(answer.pay_time.lossy(), booked_at, context.now);
    Ok(Order {
        order_id,
        out_order_no: optional(answer.out_order_no, "out_order_no")?,
        status,
        status_text,
        seller: answer.seller_nick.lossy(),
        booked_at,
        pay_before: answer.last_pay_time.lossy(),
        paid_at: paid_at.known(),
        payment_unclear: paid_at == PaymentTime::Unclear,
        ticketed_at: optional(answer.succeed_time, "succeed_time")?,
        total_price: optional(answer.total_price, "total_price")?,
        paid_price: optional(answer.real_pay_price, "real_pay_price")?,
        trade_no: answer.trade_no.lossy(),
        alipay_trade_no: answer.alipay_trade_no.lossy(),
        passengers,
        trip_type,
        journeys,
    })
}

/// The segment, if there is only one: data that Fliggy reports by passenger then applies to it.
fn only_segment(journeys: &[Journey]) -> Option<&str> {
    let mut segments = journeys.iter().flat_map(|journey| &journey.segments);
    let first = segments.next()?;
    segments.next().is_none().then_some(&first.segment_id)
}

fn passenger(
    detail: wire::FlightBookOrderDetail,
    only_segment: Option<&str>,
    context: &Context<'_>,
) -> Result<OrderPassenger, Unreadable> {
    let who = optional(detail.passenger.0, "passenger")?.unwrap_or_default();
    let fare = match detail.flight_price.0 {
        Field::Value(price) => Some(PassengerFare {
            ticket_price: price.sell_price.lossy(),
            taxes_total: price.tax.lossy(),
            airport_fee: price.build_price.lossy(),
            fuel_fee: price.oil_price.lossy(),
        }),
        Field::Absent | Field::Unreadable => None,
    };
    Ok(OrderPassenger {
        fare,
        cabins: parts::cabins(detail.flight_segment_cabin_relation)?,
        tickets: parts::tickets(detail.ticket_nos, only_segment),
        ..parts::passenger(who, context)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::booking::segments_fingerprint;
    use crate::domain::order::{OrderReceipt, OrderStatus, Ticket, document_hash};
    use crate::domain::passenger::{DocumentType, OrderPassengerType};
    use crate::translate::samples;

    fn read(wire: wire::QueryOrderDetailResponse) -> Result<Order, Unreadable> {
        answer(wire, &samples::context())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let id = OrderId::new(1_234_125_412);
        samples::same_request::<wire::QueryOrderDetail>(&request(id, None));
        let by_number = serde_json::to_value(request(None, Some("T-1"))).unwrap();
        assert_eq!(by_number, json!({"out_order_no": "T-1"}));
    }

    #[test]
    fn the_sample_is_read_as_a_ticketed_order() {
        let order = read(samples::answer::<wire::QueryOrderDetail>()).unwrap();
        assert_eq!(order.status, OrderStatus::Ticketed);
        assert_eq!(order.paid_price, order.total_price);
        assert!(order.is_for(&"TEST20300501000001".parse().unwrap()));
        assert_eq!(
            segments_fingerprint(&order.journeys),
            ["CZ8957@2030-05-20T08:45"]
        );
        let [adult, child] = order.passengers.as_slice() else {
            panic!("{:?}", order.passengers);
        };
        let segment_id = order.journeys[0].segments[0].segment_id.clone();
        assert_eq!(
            adult.tickets,
            [Ticket {
                ticket_no: "999-0000000001".to_owned(),
                segment_ids: Some(vec![segment_id]),
            }]
        );
        assert_eq!(child.kind, Some(OrderPassengerType::Child));
        assert_eq!(
            child.fare.unwrap().ticket_price.unwrap().to_string(),
            "360.00"
        );
        let Context { key, account, .. } = samples::context();
        let hash = document_hash(key, account, DocumentType::IdCard, "110101199003070000");
        assert_eq!(adult.passenger_id, Some(hash));
        let born = adult.birth_date.as_ref().unwrap().expose();
        assert_eq!(born.to_string(), "1990-03-07");
    }

    #[test]
    fn a_ticket_names_its_segment_if_the_order_has_only_one() {
        let segment = |id| {
            json!({
                "id": id, "marketing_flight_no": "CZ8957", "dep_airport": "PKX", "arr_airport": "XMN",
                "dep_time": "2030-05-20 08:45:00", "arr_time": "2030-05-20 11:35:00",
            })
        };
        let journey = |segments: Vec<_>| json!({"flight_segment_list": segments});
        let [s1, s2] = ["S1", "S2"].map(segment);
        for (journeys, segment_ids) in [
            (vec![], None),
            (vec![journey(vec![s1.clone()])], Some(vec!["S1".to_owned()])),
            (vec![journey(vec![s1.clone(), s2.clone()])], None),
            (vec![journey(vec![s1]), journey(vec![s2])], None),
        ] {
            let wire = json!({
                "order_id": 7,
                "flight_route": {"flight_journey_list": journeys},
                "flight_book_order_detail_list": [{"ticket_nos": ["999-1", "999-2"]}],
            });
            let order = read(serde_json::from_value(wire).unwrap()).unwrap();
            let found: Vec<_> = order.passengers[0].tickets.iter().collect();
            let [one, two] = found.as_slice() else {
                panic!("{found:?}");
            };
            assert_eq!([&one.ticket_no, &two.ticket_no], ["999-1", "999-2"]);
            assert_eq!([&one.segment_ids, &two.segment_ids], [&segment_ids; 2]);
        }
    }

    #[test]
    fn identically_masked_documents_give_no_ids() {
        let ids = |passengers: [(&str, &str); 3]| {
            let passengers = passengers.map(|(name, number)| {
                json!({"passenger": {"name": name, "credential_type": 0, "credential_no": number}})
            });
            let wire = serde_json::from_value(json!({
                "order_id": 7, "flight_book_order_detail_list": {
                    "flight_book_order_detail": passengers,
                },
            }));
            let order = read(wire.unwrap()).unwrap();
            let ids = order
                .passengers
                .into_iter()
                .map(|p| p.passenger_id.is_some());
            ids.collect::<Vec<_>>()
        };
        let (one, other) = ("1101**********0011", "1101**********0029");
        let [a, b, c] = ["测试甲", "测试乙", "测试丙"];
        assert_eq!(ids([(a, one), (b, one), (c, other)]), [false, false, true]);
        assert_eq!(
            ids([("测*", one), ("测*", one), (c, other)]),
            [false, false, true]
        );
        assert_eq!(
            ids([("", one), ("", one), (c, other)]),
            [false, false, true]
        );
        // The same passenger is listed twice.
        assert_eq!(ids([(a, one), (a, one), (c, other)]), [true, true, true]);
    }

    #[test]
    fn an_unlisted_status_is_kept_and_is_not_an_error() {
        let wire = serde_json::from_value(json!({
            "order_id": "7", "order_status": "没有的状态", "pay_time": "", "is_success": true,
        }));
        let order = read(wire.unwrap()).unwrap();
        assert_eq!(order.status, OrderStatus::Other);
        assert_eq!(order.status_text, "没有的状态");
        assert_eq!(order.paid_at, None);
        assert!(order.journeys.is_empty());
    }

    #[test]
    fn garbled_decisive_fields_prove_nothing() {
        for (field, value) in [
            ("order_id", json!("abc")),
            ("order_id", json!(null)),
            ("real_pay_price", json!("-5")),
            ("total_price", json!([500])),
            ("flight_route", json!([1])),
        ] {
            let mut json = json!({"order_id": 7});
            json[field] = value.clone();
            let error = read(serde_json::from_value(json).unwrap()).unwrap_err();
            assert_eq!(error.field, field, "{value}");
        }
    }

    #[test]
    fn an_implausible_payment_time_counts_as_absent() {
        for (pay_time, paid, unclear) in [
            ("1970-01-01 08:00:00", false, false),
            ("0000-00-00 00:00:00", false, false),
            ("soon", false, false),
            ("2030-05-01 10:05:00", true, false),
            ("2030-05-01 09:00:00", false, true),
        ] {
            let wire = serde_json::from_value(json!({
                "order_id": 7, "book_time": "2030-05-01 10:00:00", "pay_time": pay_time,
            }));
            let order = read(wire.unwrap()).unwrap();
            let found = (order.paid_at.is_some(), order.payment_unclear);
            assert_eq!(found, (paid, unclear), "{pay_time}");
        }
    }

    #[test]
    fn printed_order_and_receipt_contain_no_personal_data() {
        let order = read(samples::answer::<wire::QueryOrderDetail>()).unwrap();
        let printed = format!("{order:?}");
        for secret in ["测试旅客", "110101", "13000000000", "1990"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        let receipt = serde_json::to_string(&OrderReceipt::from(&order)).unwrap();
        for secret in ["测试旅客", "110101", "13000000000", "1990"] {
            assert!(!receipt.contains(secret), "{receipt}");
        }
    }
}
