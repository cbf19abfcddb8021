//! Values that are on none of our lists, in what upstream says.

use serde_json::{Value, json};

use crate::canned::{Canned, DETAIL};

const PAY: &str = "alitrip.flight.service.pay";

fn order() -> Value {
    serde_json::from_str(include_str!("../cases/07-trip-type-3.detail-answer.json")).unwrap()
}

#[tokio::test]
async fn an_unlisted_value_makes_its_field_other_and_the_order_can_be_paid() {
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
