//! Values of Fliggy's that are on none of the gateway's lists.

use serde_json::{Value, json};

use crate::canned::{Canned, DETAIL};
use crate::world::World;

const PAY: &str = "alitrip.flight.service.pay";

fn order() -> Value {
    serde_json::from_str(include_str!("../cases/07-trip-type-3.detail-answer.json")).unwrap()
}

#[tokio::test]
async fn an_unlisted_value_becomes_other_and_the_order_can_be_paid() {
    for (trip_type, passenger, document) in [
        (json!(3), json!(0), json!(0)),
        (json!("3"), json!(5), json!(99)),
        (json!("OPEN_JAW"), json!("STUDENT"), json!("ID")),
    ] {
        let mut body = order();
        let answer = &mut body["alitrip_flight_service_queryorderdetail_response"];
        answer["flight_route"]["trip_type"] = trip_type.clone();
        let travellers = &mut answer["flight_book_order_detail_list"]["flight_book_order_detail"];
        travellers[0]["passenger"]["type"] = passenger.clone();
        travellers[0]["passenger"]["credential_type"] = document.clone();
        let body = body.to_string();
        let paid = br#"{"alitrip_flight_service_pay_response":{"is_success":true}}"#;
        let canned = Canned::start(&[(DETAIL, body.as_bytes()), (PAY, paid)]).await;
        let order = canned.world.get("/v1/orders/1084659049999").await;
        assert_eq!(order.status, 200, "{order:?}");
        assert_eq!(order.body["trip_type"], "other", "{trip_type}");
        let traveller = &order.body["passengers"][0];
        let listed = passenger == json!(0);
        let kind = if listed { "adult" } else { "other" };
        assert_eq!(traveller["type"], kind, "{passenger}");
        let kind = if listed { "id_card" } else { "other" };
        assert_eq!(traveller["document"]["type"], kind, "{document}");
        assert_eq!(order.body["available_actions"], json!(["pay", "close"]));
        canned.world.pay(&order.body, "pay", 0).await;
        canned.until_called(PAY, 1).await;
    }
}

#[tokio::test]
async fn orders_are_filtered_by_the_gateways_status_whatever_phrase_upstream_uses() {
    // 预定成功 means the same as 生单预定成功, and the last phrase is on no list.
    let list = |page: u64, phrases: [&str; 2]| {
        let rows = phrases.iter().zip(page * 10..).map(|(phrase, number)| {
            json!({"order_id": number, "order_status": phrase, "book_time": "2030-05-01 10:00:00"})
        });
        json!({"alitrip_flight_service_queryorderlist_response": {
            "flight_book_order_list": rows.collect::<Vec<_>>(), "is_success": true,
            "pagination": {"current_page": page, "page_size": 2, "total_page": 3, "total_count": 6},
        }})
    };
    let pages = [
        list(1, ["生单预定成功", "出票成功"]),
        list(2, ["出票成功", "没有的状态"]),
        list(3, ["预定成功", "预定成功"]),
    ];
    let canned = Canned::pages("alitrip.flight.service.queryorderlist", &pages).await;
    let all = async |status: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let window = "booked_from=2030-05-01T00:00:00Z&booked_until=2030-05-02T00:00:00Z";
            let path = format!("/v1/orders?{window}&limit=2&status={status}{cursor}");
            let page = canned.world.get(&path).await;
            assert_eq!(page.status, 200, "{page:?}");
            let items = page.body["items"].as_array().unwrap();
            found.extend(
                items
                    .iter()
                    .map(|o| o["order_id"].as_str().unwrap().to_owned()),
            );
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    assert_eq!(all("booked").await, ["10", "30", "31"]);
    assert_eq!(all("ticketed").await, ["11", "20"]);
    assert_eq!(all("other").await, ["21"]);
    assert!(all("closed").await.is_empty());
}

#[tokio::test]
async fn times_of_schedule_changes_are_parsed_or_shown_unchanged() {
    let method = "alitrip.flight.flightchange.order.query";
    let row = |field: &str, value: &str| {
        json!({"method": method, "side": "answer", "path": format!("result.flight_change.{field}"),
            "constant": value})
    };
    let rows = json!([
        row("old_depart_time", "08:45"),
        row("new_depart_time", "20300520104500"),
        row("new_arrive_time", "about noon"),
    ]);
    let rows = rows.to_string();
    let world = World::start_with(&[("GATEWAY__TOP__CONTRACT__OVERRIDES", &rows)], |_| {}).await;
    let ticket = crate::ticket::ticketed(&world, "FORMS-1").await;
    let change = format!("/_simulator/orders/{}/schedule-change", ticket.id);
    world
        .post_with(&change, &[], &json!({"minutes": 120}))
        .await;
    let listed_change = world.get(&ticket.path("/flight-changes")).await;
    assert_eq!(listed_change.status, 200, "{listed_change:?}");
    let listed_change = &listed_change.body["items"][0];
    assert_eq!(
        listed_change["old"]["departure_time"],
        "2030-05-20T08:45:00+08:00"
    );
    assert_eq!(
        listed_change["new"]["departure_time"],
        "2030-05-20T10:45:00+08:00"
    );
    assert_eq!(listed_change["new"]["arrival_time"], Value::Null);
    assert_eq!(
        listed_change["unreadable"],
        json!([{"field": "new_arrive_time", "text": "about noon"}])
    );
}
