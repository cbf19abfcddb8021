//! Refunds: their fees, their progress, and the reasons for refusals.

use std::time::Duration;

use serde_json::{Value, json};

use crate::after_sales::cents;
use crate::client::{json_of, start_on_clock, start_with};

/// The texts of the seed's questions 8 and 9.
const FEE_CHANGED: &str = "退票手续费发生变化,请重试!";
const RULE_CHANGED: &str = "退票规则有更新,返回订单详情页后,请重新进行申请提交。";

#[tokio::test]
async fn a_refund_is_rendered_applied_for_processed_and_paid_out() {
    let (top, clock) = start_on_clock().await;
    let order = top.ticketed("R-1", 1).await;
    let (ticket, taxes) = order.price();
    let fee = (ticket * 123 + 500) / 1_000;
    let quote = top.render(&order.refund(1)).await;
    assert_eq!(quote["calculate_success"], true);
    assert_eq!(quote["can_apply_refund"], true);
    assert_eq!(cents(&quote["all_refund_fee"]), fee);
    assert_eq!(cents(&quote["refund_to_buyer_money"]), ticket + taxes - fee);
    let part = &quote["passenger_refund_details"]["passenger_refund_detail"][0];
    assert_eq!(part["passenger"], order.passenger(0));
    assert_eq!(part["refund_fee"]["non_refundable_tax_fee"], 0);

    let mut input = order.application("OUT-1", 1, &quote["all_refund_fee"]);
    input["refund_reason"] = json!("行程有变");
    let answer = top.refund(&input).await;
    assert_eq!(answer["is_success"], true, "{answer}");
    assert_eq!(answer["out_refund_no"], "OUT-1");
    let number = answer["refund_order_no"].clone();
    assert!(number.as_u64().unwrap() > 1 << 53);

    let detail = top.refund_detail(&number).await;
    assert_eq!(detail["refund_order_status"], 0);
    assert_eq!(detail["refund_reason"], "行程有变");
    assert_eq!(detail["all_refund_fee"], quote["all_refund_fee"]);
    let segments = &detail["flight_segment_id_list"]["string"];
    assert_eq!(*segments, json!([order.segment()["id"]]));
    clock.advance_steady(Duration::from_secs(300));
    assert_eq!(top.refund_detail(&number).await["refund_order_status"], 1);
    clock.advance_steady(Duration::from_secs(300));
    let rows = top.refunds(order.id).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["refund_order_status"], 3);
    assert!(rows[0]["refund_time"].is_string());
    assert_eq!(
        rows[0]["passenger_list"]["refund_passenger"],
        json!([order.passenger(0)])
    );
    assert!(top.refund_detail(&number).await["trade_no"].is_string());

    let listed = top.get("refunds?out_refund_no=OUT-1").await;
    assert_eq!(
        listed["items"],
        json!([{
            "refund_order_no": number.to_string(), "order_id": order.id.to_string(),
            "out_refund_no": "OUT-1", "refund_apply_type": 1, "status": "refunded",
            "all_refund_fee": format!("{}.{:02}", fee / 100, fee % 100),
            "passengers": 1, "files": 0, "multi_refund_flag": false,
        }])
    );
    assert_eq!(top.effects("R-1").await["refund"], 1);
    assert_eq!(top.counts("R-1", "refund_create").await, (1, 1));
    assert_eq!(top.counts("R-1", "refund_detail").await.0, 3);
}

#[tokio::test]
async fn a_ticket_is_refunded_once_unless_the_refund_was_rejected() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("ONCE", 2).await;
    let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    let first = top.refund(&order.application("A", 1, &fee)).await["refund_order_no"].clone();

    let quote = top.render(&order.refund(1)).await;
    assert_eq!(quote["can_apply_refund"], false);
    assert!(quote["refuse_reason"].is_string());
    let answer = top.refund(&order.application("B", 1, &fee)).await;
    assert_eq!(answer["error_code_info"], "isv.REFUND_ALREADY_EXIST");

    let mut other = order.application("C", 1, &fee);
    other["passenger_list"] = json!([order.passenger(1)]);
    assert_eq!(top.refund(&other).await["is_success"], true);

    top.advance(&format!("refunds/{first}"), "failed").await;
    let detail = top.refund_detail(&first).await;
    assert_eq!(detail["refund_order_status"], 2);
    assert!(detail["refuse_reason"].is_string());
    let again = top.refund(&order.application("A", 1, &fee)).await;
    assert_eq!(again["error_msg"], "外部退票单号重复");
    let again = top.refund(&order.application("D", 1, &fee)).await;
    assert_eq!(again["is_success"], true, "{again}");
    assert_eq!(top.refunds(order.id).await.len(), 3);
}

#[tokio::test]
async fn a_fee_that_differs_from_the_rendered_fee_is_refused_with_the_text_of_the_seed() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("FAQ-8", 1).await;
    let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    let wrong = json!(fee.as_f64().unwrap() + 0.01);
    for given in [wrong, Value::Null, json!("")] {
        let answer = top.refund(&order.application("X", 1, &given)).await;
        assert_eq!(answer["error_msg"], FEE_CHANGED);
        assert!(answer.get("error_code_info").is_none());
    }
    // The price rises between render and create.
    top.fault(json!({"method": "refund", "fault": "price_jump"}))
        .await;
    let answer = top.refund(&order.application("X", 1, &fee)).await;
    assert_eq!(answer["error_msg"], FEE_CHANGED);
    let dearer = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    assert_eq!(cents(&dearer), cents(&fee) + 1_000);
    let answer = top.refund(&order.application("X", 1, &dearer)).await;
    assert_eq!(answer["is_success"], true, "{answer}");
    assert_eq!(top.effects("FAQ-8").await["refund"], 1);
}

#[tokio::test]
async fn a_fee_that_cannot_be_calculated_must_be_omitted() {
    let (top, _clock) = start_on_clock().await;
    for (index, given) in [Value::Null, json!("")].into_iter().enumerate() {
        let number = format!("sim.render.calculate_failed.{index}");
        let order = top.ticketed(&number, 1).await;
        // The fault is injected three times; the fee of the order stays unknown.
        for _ in 0..4 {
            let quote = top.render(&order.refund(1)).await;
            assert_eq!(quote["is_success"], true);
            assert_eq!(quote["calculate_success"], false);
            assert!(quote.get("all_refund_fee").is_none());
        }
        let out = format!("UNKNOWN-{index}");
        let answer = top.refund(&order.application(&out, 1, &json!(72))).await;
        assert_eq!(answer["error_msg"], FEE_CHANGED);
        let answer = top.refund(&order.application(&out, 1, &given)).await;
        assert_eq!(answer["is_success"], true, "{answer}");
        let number = &answer["refund_order_no"];
        assert!(
            top.refund_detail(number)
                .await
                .get("all_refund_fee")
                .is_none()
        );
        let row = top.get(&format!("refunds?order_id={}", order.id)).await["items"][0].clone();
        assert_eq!(row["all_refund_fee"], Value::Null);
        // Once the money is refunded, the fee is known.
        let row = top.advance(&format!("refunds/{number}"), "refunded").await;
        assert!(row["all_refund_fee"].is_string());
    }
}

#[tokio::test]
async fn an_epidemic_refund_needs_a_policy_of_the_airline() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("FAQ-9", 1).await;
    let quote = top.render(&order.refund(100)).await;
    assert_eq!(quote["error_msg"], RULE_CHANGED);
    let answer = top.refund(&order.application("E-1", 100, &json!(0))).await;
    assert_eq!(answer["error_msg"], RULE_CHANGED);
    assert!(answer.get("error_code_info").is_none());

    let offers = top.offers().await;
    let flight = |offer: &Value| offer["solution_id"].as_str().unwrap().ends_with("CA1815");
    let offer = offers.iter().find(|offer| flight(offer)).unwrap();
    let order = top.ticketed_on(offer, "POLICY", 1).await;
    let quote = top.render(&order.refund(100)).await;
    assert_eq!(quote["all_refund_fee"], 0);
    let answer = top.refund(&order.application("E-2", 100, &json!(0))).await;
    assert_eq!(answer["is_success"], true, "{answer}");
}

#[tokio::test]
async fn a_supplementary_refund_returns_what_the_first_kept() {
    let (top, clock) = start_on_clock().await;
    let order = top.ticketed("MORE", 1).await;
    let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    let first = top.refund(&order.application("M-1", 1, &fee)).await["refund_order_no"].clone();
    top.advance(&format!("refunds/{first}"), "refunded").await;
    let url = format!("{}/_simulator/refunds/{first}/supplement", top.base);
    let row = json_of(top.post(&url, &json!({})).await).await;
    assert_eq!(row["multi_refund_flag"], true);
    assert_eq!(row["status"], "applied");
    assert_ne!(row["refund_order_no"], first.to_string());
    clock.advance_steady(Duration::from_secs(600));
    let rows = top.refunds(order.id).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["multi_refund_flag"], true);
    assert_eq!(rows[0]["refund_order_status"], 3);
    assert_eq!(rows[0]["refund_to_buyer_money"], fee);
    assert_eq!(rows[1]["multi_refund_flag"], false);
    assert_eq!(top.effects("MORE").await["refund"], 1);
    let url = format!("{}/_simulator/refunds/1/supplement", top.base);
    assert_eq!(top.post(&url, &json!({})).await.status(), 404);
}

#[tokio::test]
async fn a_refund_must_match_the_order() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("FIT", 1).await;
    let with = |name: &str, value: Value| {
        let mut input = order.refund(1);
        input[name] = value;
        input
    };
    let mut stranger = order.passenger(0);
    stranger["name"] = json!("另一旅客");
    for (input, code) in [
        (with("order_id", json!(7)), "isv.ORDER_NOT_EXIST"),
        (with("refund_apply_type", json!(3)), "isv.PARAMETER_ERROR"),
        (
            with("passenger_list", json!([stranger])),
            "isv.PASSENGER_NOT_MATCH",
        ),
        (
            with("flight_segment_id_list", json!(["CZ0000"])),
            "isv.SEGMENT_NOT_MATCH",
        ),
    ] {
        let quote = top.render(&input).await;
        assert_eq!(quote["error_code_info"], code, "{quote}");
        let mut input = input;
        input["out_refund_no"] = json!("F-1");
        assert_eq!(top.refund(&input).await["error_code_info"], code);
    }
    let id = top.booked("FIT-BOOKED").await;
    let quote = top.render(&with("order_id", json!(id))).await;
    assert_eq!(quote["error_code_info"], "isv.ORDER_STATUS_NOT_ALLOWED");
    assert_eq!(quote["error_msg"], "当前订单状态不可退票");
    let missing = top.refund_detail(&json!(7)).await;
    assert_eq!(missing["error_code_info"], "isv.REFUND_NOT_EXIST");
    assert_eq!(top.refunds(order.id).await, Vec::<Value>::new());

    // No file with this id was uploaded.
    let mut input = order.application("F-2", 2, &json!(0));
    input["file_id_list"] = json!(["FILE-0001"]);
    let answer = top.refund(&input).await;
    assert_eq!(answer["error_code_info"], "isv.FILE_NOT_EXIST");
}

#[tokio::test]
async fn one_way_of_a_round_trip_is_refunded_and_the_other_is_changed() {
    let (top, _clock) = start_on_clock().await;
    let order = top.round_trip("ROUND").await;
    let journeys = &order.detail["flight_route"]["flight_journey_list"]["flight_journey"];
    let id = |journey: usize| {
        let segments = &journeys[journey]["flight_segment_list"];
        segments["flight_segment"][0]["id"].clone()
    };
    let both = top.render(&order.refund(1)).await;
    let mut out = order.refund(1);
    out["flight_segment_id_list"] = json!([id(0)]);
    let quote = top.render(&out).await;
    let (ticket, taxes) = order.price();
    assert_eq!(
        cents(&quote["all_refund_fee"]),
        (ticket / 2 * 123 + 500) / 1_000
    );
    let money =
        |quote: &Value| cents(&quote["all_refund_fee"]) + cents(&quote["refund_to_buyer_money"]);
    assert_eq!(money(&quote), (ticket + taxes) / 2);
    assert_eq!(money(&both), ticket + taxes);
    out["out_refund_no"] = json!("OUT");
    out["all_refund_fee"] = quote["all_refund_fee"].clone();
    assert_eq!(top.refund(&out).await["is_success"], true);
    assert_eq!(
        top.render(&order.refund(1)).await["can_apply_refund"],
        false
    );
    let mut back = order.refund(1);
    back["flight_segment_id_list"] = json!([id(1)]);
    assert_eq!(top.render(&back).await["can_apply_refund"], true);

    let mut change = order.change("BACK");
    assert_eq!(
        top.change(&change).await["error_code_info"],
        "isv.CHANGE_NOT_ALLOWED"
    );
    change["changed_flight_segment_list"] = json!([{
        "flight_segment_id": id(1), "marketing_flight_no": "CZ8958", "dep_city_code": "XMN",
        "arr_city_code": "BJS", "dep_time": "2030-05-24 12:45:00", "cabin": "Y",
    }]);
    let change = top.change(&change).await["change_order_no"].clone();
    top.advance(&format!("changes/{change}"), "ticketed").await;
    let detail = top.detail("ROUND").await;
    let moved = &detail["flight_route"]["flight_journey_list"]["flight_journey"];
    assert_eq!(moved[0], journeys[0]);
    let segment = &moved[1]["flight_segment_list"]["flight_segment"][0];
    assert_eq!(segment["dep_time"], "2030-05-24 12:45:00");
}

#[tokio::test]
async fn another_account_sees_neither_refunds_nor_changes() {
    let top = start_with(|config| {
        let second = ("second".to_owned(), "other".to_owned());
        config.sessions.extend([second]);
    })
    .await;
    let order = top.ticketed("MINE", 2).await;
    let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    let refund = top.refund(&order.application("M-1", 1, &fee)).await["refund_order_no"].clone();
    let mut change = order.change("M-2");
    change["passenger_list"] = json!([order.passenger(1)]);
    let change = top.change(&change).await["change_order_no"].clone();
    for (method, param, input, listed) in [
        (
            "refund.detail",
            "query_refund_detail_request",
            json!({"refund_order_no": refund}),
            "isv.REFUND_NOT_EXIST",
        ),
        (
            "refund.list",
            "query_refund_list_request",
            json!({"order_id": order.id}),
            "isv.ORDER_NOT_EXIST",
        ),
        (
            "change.order.query",
            "query_change_order_request",
            json!({"change_order_no": change}),
            "\"change_order_list\":{}",
        ),
        (
            "change.order.cancel",
            "cancel_change_order_request",
            json!({"change_order_no": change}),
            "isv.CHANGE_NOT_EXIST",
        ),
    ] {
        let mut params = top.params(method, param, &input);
        params.insert("session".to_owned(), "second".to_owned());
        let response = top.send(&top.signed(params)).await.unwrap();
        let body = response.text().await.unwrap();
        assert!(body.contains(listed), "{body}");
    }
    let changes = top.get("changes").await["items"].clone();
    assert_eq!(changes[0]["effects"]["cancel"], 0);
}
