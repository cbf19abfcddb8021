//! `alitrip.flight.change.order.create`.

use super::{Context, Unnamed, Unreadable, optional, parts, required};
use crate::domain::change::{
    ChangeContact, ChangeReceipt, ChangeStatus, ChangeTarget, RequestedChange, fee_above_limit,
};
use crate::domain::city::city_of_airport;
use crate::domain::operation::intent;
use crate::domain::order::OrderPassenger;
use crate::domain::text::visible;
use crate::domain::trip::{AirportCode, CityCode};
use crate::top::wire;

/// The request that creates a change with Fliggy's ground code `kind_code`, for these passengers of
/// the order. The request states no expected fees: Fliggy confirms the fees later.
///
/// # Errors
/// A passenger cannot be named.
pub fn request(
    requested: &RequestedChange,
    kind_code: i64,
    passengers: &[&OrderPassenger],
) -> Result<wire::CreateChangeOrderRequest, Unnamed> {
    Ok(wire::CreateChangeOrderRequest {
        order_id: requested.order_id.get(),
        out_change_no: requested.out_change_no.as_str().to_owned(),
        change_reason_type: kind_code,
        passenger_list: parts::travellers(passengers)?,
        changed_flight_segment_list: requested.targets.iter().map(target).collect(),
        solution_id: requested.solution_id.clone(),
        contact: requested.contact.as_ref().map(contact),
        remark: requested.remark.clone(),
    })
}

fn target(target: &ChangeTarget) -> wire::ChangedFlightSegmentRequest {
    let s = &target.segment;
    wire::ChangedFlightSegmentRequest {
        flight_segment_id: target.replaces.clone(),
        marketing_flight_no: s.marketing_flight_no.as_str().to_owned(),
        operating_flight_no: s.operating_flight_no.as_deref().map(visible),
        dep_city_code: city(s.departure_city, s.departure_airport),
        arr_city_code: city(s.arrival_city, s.arrival_airport),
        dep_airport: s.departure_airport,
        arr_airport: s.arrival_airport,
        dep_time: s.departure_time.to_wire(),
        arr_time: s.arrival_time.to_wire(),
        cabin: target.cabin.cabin.clone(),
        cabin_class: target.cabin.cabin_class.as_deref().map(visible),
    }
}

fn city(reported: Option<CityCode>, airport: AirportCode) -> String {
    reported
        .or_else(|| city_of_airport(airport.as_str()))
        .map_or_else(|| airport.to_string(), |city| city.to_string())
}

fn contact(c: &ChangeContact) -> wire::ChangeContactRequest {
    wire::ChangeContactRequest {
        name: c.name.clone(),
        mobile_country_code: c.mobile_country_code.as_str().to_owned(),
        mobile_phone_number: c.mobile.clone(),
    }
}

/// The change that was created.
///
/// # Errors
/// The response has no change number or is about another order or change, or its status, total or payment
/// deadline is garbled.
pub fn answer(
    answer: wire::ChangeCreateResponse,
    requested: &intent::Change,
    _context: &Context<'_>,
) -> Result<ChangeReceipt, Unreadable> {
    let out_change_no = requested.out_change_no.as_str();
    parts::agrees(answer.order_id, &requested.order_id, "order_id")?;
    parts::agrees(answer.out_change_no, out_change_no, "out_change_no")?;
    let total_price = optional(answer.total_amount, "total_amount")?;
    Ok(ChangeReceipt {
        change_order_no: required(answer.change_order_no, "change_order_no")?,
        order_id: Some(requested.order_id),
        out_change_no: Some(out_change_no.to_owned()),
        status: parts::change_status(answer.status, ChangeStatus::Submitted)?,
        total_price,
        fee_above_limit: fee_above_limit(total_price, requested.max_total),
        pay_before: optional(answer.last_pay_time, "last_pay_time")?,
        paid_at: None,
        trade_no: None,
        passenger_ids: requested.passengers.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::change::ChangeKind;
    use crate::domain::ids::OrderId;
    use crate::domain::money::Money;
    use crate::domain::trip::Segment;
    use crate::top::method::Method;
    use crate::translate::samples;

    fn segment() -> Segment {
        serde_json::from_value(json!({
            "segment_id": "CZ8959PKXXMN0521", "marketing_airline": "CZ",
            "marketing_flight_no": "CZ8959", "operating_airline": null,
            "operating_flight_no": "CZ8959", "code_share": null,
            "departure_airport": "PKX", "departure_terminal": null,
            "departure_time": "2030-05-21T08:45:00+08:00",
            "arrival_airport": "XMN", "arrival_terminal": null,
            "arrival_time": "2030-05-21T11:35:00+08:00", "aircraft": null,
            "departure_city": "BJS", "arrival_city": null,
            "departure_city_name": "北京", "arrival_city_name": null,
            "duration_minutes": null, "stops": null, "stop_cities": [],
        }))
        .unwrap()
    }

    fn requested() -> RequestedChange {
        RequestedChange {
            order_id: OrderId::new(1_234_125_412).unwrap(),
            out_change_no: "TESTC20300502000001".parse().unwrap(),
            kind: ChangeKind::Voluntary,
            passengers: Vec::new(),
            targets: vec![ChangeTarget {
                replaces: "CZ8957PKXXMN0520".to_owned(),
                segment: segment(),
                cabin: serde_json::from_value(json!({
                    "segment_id": "CZ8959PKXXMN0521", "cabin": "V", "cabin_class": "Y",
                    "cabin_class_name": "经济舱", "seats": null,
                }))
                .unwrap(),
            }],
            solution_id: None,
            contact: serde_json::from_value(json!({
                "name": "测试联系人", "mobile_country_code": "86", "mobile": "13000000000",
            }))
            .unwrap(),
            remark: None,
        }
    }

    fn read(json: Value) -> Result<ChangeReceipt, Unreadable> {
        let wire = serde_json::from_value(json).unwrap();
        let requested = intent::Change {
            max_total: Money::parse("39.99").ok(),
            ..samples::change()
        };
        answer(wire, &requested, &samples::context())
    }

    #[test]
    fn the_request_equals_the_sample_without_fees() {
        let request = request(&requested(), 0, &[&samples::traveller()]).unwrap();
        let mut sample = samples::json::<wire::ChangeCreate>("request");
        let object = sample[wire::ChangeCreate::PARAM].as_object_mut().unwrap();
        for fee in ["service_fee", "upgrade_fee", "tax_fee", "total_amount"] {
            assert!(object.remove(fee).is_some(), "{fee}");
        }
        let ours = serde_json::to_value(&request).unwrap();
        assert_eq!(json!({ wire::ChangeCreate::PARAM: ours }), sample);
        let printed = format!("{request:?}");
        for secret in ["测试", "110101", "13000000000"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn a_missing_city_is_derived_from_the_airport() {
        for (reported, airport, city_code) in [
            (Some("SHA"), "PKX", "SHA"),
            (None, "PKX", "BJS"),
            (None, "XMN", "XMN"),
        ] {
            let reported = reported.map(|code| code.parse().unwrap());
            assert_eq!(city(reported, airport.parse().unwrap()), city_code);
        }
    }

    #[test]
    fn solution_id_and_remark_are_sent_if_present() {
        let mut requested = requested();
        requested.contact = None;
        let json = serde_json::to_value(request(&requested, 1, &[]).unwrap()).unwrap();
        for absent in ["contact", "solution_id", "remark"] {
            assert!(json.get(absent).is_none(), "{absent}");
        }
        requested.solution_id = Some("KEY".to_owned());
        requested.remark = Some("测试".to_owned().into());
        let json = serde_json::to_value(request(&requested, 1, &[]).unwrap()).unwrap();
        assert_eq!(
            (&json["solution_id"], &json["remark"]),
            (&json!("KEY"), &json!("测试"))
        );
    }

    #[test]
    fn the_sample_awaits_payment() {
        let requested = samples::change();
        let sample = samples::answer::<wire::ChangeCreate>();
        let receipt = answer(sample, &requested, &samples::context()).unwrap();
        assert_eq!(receipt.change_order_no.get(), 4_988_000_000_001);
        assert_eq!(receipt.status, ChangeStatus::AwaitingPayment);
        assert_eq!(receipt.total_price, requested.max_total);
        assert_eq!(receipt.fee_above_limit, Some(false));
        let pay_before = receipt.pay_before.unwrap().to_string();
        assert_eq!(pay_before, "2030-05-02T10:30:00+08:00");
        assert_eq!(receipt.paid_at, None);
    }

    #[test]
    fn fees_may_not_be_confirmed_yet() {
        let receipt = read(json!({"change_order_no": 1})).unwrap();
        assert_eq!(receipt.status, ChangeStatus::Submitted);
        assert_eq!((receipt.total_price, receipt.fee_above_limit), (None, None));
        assert_eq!(receipt.order_id, Some(requested().order_id));
        let receipt = read(json!({"change_order_no": 1, "total_amount": 40, "status": 9})).unwrap();
        assert_eq!(receipt.status, ChangeStatus::Other);
        assert_eq!(receipt.fee_above_limit, Some(true));
    }

    #[test]
    fn garbled_decisive_fields_prove_nothing() {
        for (field, value) in [
            ("change_order_no", json!(null)),
            ("change_order_no", json!("x")),
            ("order_id", json!(5)),
            ("out_change_no", json!("OTHER")),
            ("status", json!("paid")),
            ("total_amount", json!(-1)),
            ("last_pay_time", json!("soon")),
        ] {
            let mut json = json!({"change_order_no": 1});
            json[field] = value;
            assert_eq!(read(json).unwrap_err().field, field);
        }
    }
}
