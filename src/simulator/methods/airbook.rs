//! alitrip.flight.service.airbook

use serde_json::{Map, Value, json};

use super::{Context, Done, Refusal, check_channel, list, object};
use crate::simulator::ledger::{Changed, NewOrder};
use crate::simulator::offer::Offer;
use crate::simulator::order::{Cents, wire_time};
use crate::simulator::timetable;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    check_channel(context)?;
    let input = context.input;
    let out_order_no = input["out_order_no"].as_str().unwrap_or_default();
    if context.ledger.has_reference(context.account, out_order_no) {
        return Err(Refusal::business(
            "isv.ORDER_ALREADY_EXIST",
            "外部订单号重复",
        ));
    }
    let solution = input["solution_id"].as_str().unwrap_or_default();
    let gone = || Refusal::business("isv.SOLUTION_INVALID", "报价已失效,请重新搜索");
    let offer = Offer::parse(solution).ok_or_else(gone)?;
    if offer.departs_before(context.ledger.now()) {
        return Err(gone());
    }
    check_flights(input, &offer)?;
    let total = check_price(input, &offer)?;
    check_member(input, &offer)?;

    let passengers = list(input, "passenger_list");
    let cabins = list(input, "flight_segment_cabin_relation");
    let details = passengers
        .iter()
        .map(|passenger| {
            let fare = offer.fare(passenger["type"].as_u64()).unwrap_or_default();
            json!({
                "passenger": shown(passenger),
                "flight_price": {
                    "sell_price": fare.fare.json(),
                    "tax": fare.taxes().json(),
                    "build_price": fare.build.json(),
                    "oil_price": fare.oil.json(),
                },
                "flight_segment_cabin_relation": cabins,
            })
        })
        .collect();
    let order = context.ledger.insert(NewOrder {
        out_order_no: out_order_no.to_owned(),
        account: context.account.to_owned(),
        seller: offer.seller().to_owned(),
        total,
        details,
        passengers: passengers.iter().map(shown).collect(),
        route: json!({
            "trip_type": input["trip_type"],
            "flight_journey_list": input["flight_journey_list"],
        }),
        flights: offer.flights,
    });
    Ok(Done {
        answer: object(json!({
            "order_id": order.order_id,
            "out_order_no": order.out_order_no,
            "order_status": order.progress.phrase(),
            "total_price": order.total.json(),
            "book_time": wire_time(order.booked_at),
            "last_pay_time": wire_time(order.pay_before),
        })),
        changed: Some(Changed::Order(order.order_id)),
    })
}

/// The fields of a passenger in responses.
fn shown(passenger: &Value) -> Value {
    let fields = [
        "name",
        "type",
        "credential_type",
        "credential_no",
        "birthday",
        "mobile_country_code",
        "mobile_phone_number",
    ];
    let kept = fields.into_iter().filter_map(|name| {
        passenger
            .get(name)
            .map(|value| (name.to_owned(), value.clone()))
    });
    Value::Object(Map::from_iter(kept))
}

fn check_flights(input: &Value, offer: &Offer) -> Result<(), Refusal> {
    let segments: Vec<&Value> = list(input, "flight_journey_list")
        .iter()
        .flat_map(|journey| list(journey, "flight_segment_list"))
        .collect();
    let agrees = |(segment, flight): (&&Value, &timetable::Flight)| {
        segment["marketing_flight_no"] == json!(flight.number)
            && segment["dep_airport"] == json!(flight.from_airport)
            && segment["arr_airport"] == json!(flight.to_airport)
            && segment["dep_time"] == json!(timetable::wire(flight.departure))
    };
    let trip = if offer.flights.len() == 2 { 2 } else { 1 };
    let same = segments.len() == offer.flights.len()
        && segments.iter().zip(&offer.flights).all(agrees)
        && input["trip_type"].as_u64() == Some(trip)
        && list(input, "flight_segment_cabin_relation")
            .iter()
            .all(|cabin| cabin["cabin"] == json!(offer.kind.cabin().0));
    if same {
        Ok(())
    } else {
        Err(Refusal::business(
            "isv.FLIGHT_NOT_MATCH",
            "航班信息与报价不一致",
        ))
    }
}

/// The total, if every fee equals the offer's fee and the sum is correct.
fn check_price(input: &Value, offer: &Offer) -> Result<Cents, Refusal> {
    let changed = || Refusal::business("isv.PRICE_CHANGED", "价格发生变化,请重新搜索");
    let passengers = list(input, "passenger_list");
    let count = |kind: u64| {
        let of_kind = |p: &&Value| p["type"].as_u64() == Some(kind);
        passengers.iter().filter(of_kind).count()
    };
    let (adults, children, infants) = (count(0), count(1), count(8));
    if passengers.len() > 9 || adults + children == 0 || infants > adults {
        return Err(Refusal::business(
            "isv.PASSENGER_INVALID",
            "乘机人数量不符合要求",
        ));
    }
    let mut total = 0;
    for (prefix, number, fare) in [
        ("adt", adults, Some(offer.adult)),
        ("chd", children, Some(offer.child)),
        ("inf", infants, offer.infant),
    ] {
        let given = ["flight_item_price", "build_fee", "oil_fee", "total_fee"]
            .map(|name| &input[format!("{prefix}_{name}")]);
        if number == 0 && given.iter().all(|value| value.is_null()) {
            continue;
        }
        let fare = fare.ok_or_else(changed)?;
        let wanted = [fare.fare, fare.build, fare.oil, fare.taxes()];
        let same = given
            .iter()
            .zip(wanted)
            .all(|(given, wanted)| Cents::of(given) == Some(wanted));
        if !same {
            return Err(changed());
        }
        total += (fare.fare.0 + fare.taxes().0) * i64::try_from(number).unwrap_or(0);
    }
    match Cents::of(&input["total_price"]) {
        Some(given) if given.0 == total => Ok(given),
        _ => Err(changed()),
    }
}

fn check_member(input: &Value, offer: &Offer) -> Result<(), Refusal> {
    let Some((who, _)) = offer.kind.member() else {
        return Ok(());
    };
    let allowed = input["allow_register_or_query_member"] == json!(true);
    if allowed && (who == 0 || input["member_buyer"].is_object()) {
        Ok(())
    } else {
        Err(Refusal::business(
            "isv.MEMBER_REQUIRED",
            "会员价商品需授权查询或注册会员",
        ))
    }
}
