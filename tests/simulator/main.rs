//! The simulator of TOP, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod after_sales;
mod after_sales_faults;
mod changes;
mod client;
mod faults;
mod message_facts;
mod message_faults;
mod message_methods;
mod messages;
mod oauth;
mod platform;
mod platform_faults;
mod refunds;
mod sessions;
mod tmc;
mod token_methods;
mod uploads;
mod user_methods;

use std::time::Duration;

use fliggy_gateway::top::contract::{Overrides, Registry};
use serde_json::{Value, json};

use client::{booking, json_of, now_wire, start, start_with};

#[tokio::test]
async fn every_check_of_the_gate_has_its_code() {
    let top = start().await;
    let valid = top.params("pay", "pay_order_request", &json!({"order_id": 1}));
    let with = |name: &str, value: &str| {
        let mut params = valid.clone();
        if value.is_empty() {
            params.remove(name);
        } else {
            params.insert(name.to_owned(), value.to_owned());
        }
        if params.contains_key("sign_method") && params["sign_method"] != "sha1" {
            top.signed(params)
        } else {
            params
        }
    };
    let cases = [
        (with("method", ""), 21),
        (with("method", "taobao.no.such"), 22),
        (with("format", ""), 23),
        (with("sign_method", ""), 40),
        (with("sign_method", "sha1"), 41),
        (with("app_key", ""), 28),
        (with("app_key", "7"), 29),
        (with("timestamp", ""), 30),
        (with("timestamp", "yesterday"), 31),
        (with("timestamp", &now_wire(11)), 31),
        (with("timestamp", &now_wire(-11)), 31),
        (with("v", ""), 32),
        (with("v", "3.0"), 33),
        (valid.clone(), 24),
        (with("session", ""), 26),
        (with("session", "expired"), 27),
    ];
    for (params, code) in cases {
        let response = top.send(&params).await.unwrap();
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(body["error_response"]["code"], code, "{params:?}");
        assert!(body["error_response"]["request_id"].is_string());
    }
    let mut forged = top.signed(valid.clone());
    forged.insert("v".to_owned(), "2.0 ".to_owned());
    forged.insert("partner_id".to_owned(), "after-signing".to_owned());
    forged.insert("v".to_owned(), "2.0".to_owned());
    let body = top.send(&forged).await.unwrap().text().await.unwrap();
    assert!(body.contains("\"code\":25"), "{body}");
    // The error for a missing session has exactly the form shown in the integrators' questions.
    let body = top
        .send(&with("session", ""))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(body.contains("传入http参数中必需包含session字段"), "{body}");
    assert!(!body.contains("sub_code"), "{body}");
    let response = top
        .http
        .put(format!("{}/router/rest", top.base))
        .send()
        .await
        .unwrap();
    assert!(response.text().await.unwrap().contains("\"code\":9"));
}

#[tokio::test]
async fn text_calls_work_by_get_by_multipart_and_with_every_signature() {
    let top = start().await;
    for word in ["hmac-sha256", "hmac", "md5"] {
        let mut params = top.params("pay", "pay_order_request", &json!({"order_id": 1}));
        params.insert("sign_method".to_owned(), word.to_owned());
        let params = top.signed(params);
        let url = format!("{}/router/rest", top.base);
        let get = top
            .http
            .get(reqwest::Url::parse_with_params(&url, &params).unwrap());
        let mut form = reqwest::multipart::Form::new();
        for (name, value) in &params {
            form = form.text(name.clone(), value.clone());
        }
        let file = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("a.png");
        let multipart = top.http.post(&url).multipart(form.part("file_bytes", file));
        for request in [get, multipart] {
            let body = request.send().await.unwrap().text().await.unwrap();
            assert!(body.contains("isv.ORDER_NOT_EXIST"), "{body}");
        }
    }
}

#[tokio::test]
async fn the_contract_is_enforced_and_the_channel_must_be_assigned() {
    let top = start().await;
    let answer = top.search(|input| input["colour"] = json!("blue")).await;
    assert_eq!(answer["code"], 41);
    assert_eq!(
        answer["sub_code"],
        "isv.invalid-parameter:search_flight_info_req.colour"
    );
    let answer = top
        .search(|input| input["search_od_info_list"] = json!(null))
        .await;
    assert_eq!(answer["code"], 40);
    assert_eq!(
        answer["sub_code"],
        "isv.missing-parameter:search_flight_info_req.search_od_info_list"
    );
    let answer = top
        .search(|input| input["external_agent_name"] = json!("OTHER"))
        .await;
    assert_eq!(answer["is_success"], false);
    assert_eq!(answer["error_msg"], "请求参数错误");
}

#[tokio::test]
async fn a_search_offers_the_variants_of_the_seed() {
    let top = start().await;
    let offers = top.offers().await;
    let kinds = |wanted: &Value| offers.iter().any(|offer| offer["member_type"] == *wanted);
    assert!(kinds(&json!(0)) && kinds(&json!(1)) && kinds(&Value::Null));
    for supply in ["1", "2", "3"] {
        assert!(
            offers
                .iter()
                .any(|offer| offer["supply_source_type"] == supply)
        );
    }
    let with_infant = top.search(|input| input["has_infant"] = json!(true)).await;
    let with_infant = with_infant["flight_item_list"]["flight_item"]
        .as_array()
        .unwrap()
        .len();
    assert!(with_infant < offers.len());

    for nothing in [
        json!({"dep_city_code": "PEK", "arr_city_code": "XMN", "dep_date": "2030-05-20"}),
        json!({"dep_city_code": "XMN", "arr_city_code": "XMN", "dep_date": "2030-05-20"}),
        json!({"dep_city_code": "BJS", "arr_city_code": "XMN", "dep_date": "2020-05-20"}),
    ] {
        let answer = top
            .search(|input| input["search_od_info_list"][0] = nothing)
            .await;
        assert_eq!(answer["error_msg"], "搜索询价无报价");
    }
    let unknown = json!({"dep_city_code": "QQQ", "arr_city_code": "ZZZ", "dep_date": "2030-05-20"});
    let answer = top
        .search(|input| input["search_od_info_list"][0] = unknown)
        .await;
    assert_eq!(answer["is_success"], true);

    let named = |mode: u64| {
        move |input: &mut Value| {
            input["search_mode"] = json!(mode);
            input["search_od_info_list"][0]["search_selected_flight_list"] = json!([
                {"market_flight_no": "CZ8957", "flight_time": "2030-05-20 08:45:00"},
            ]);
        }
    };
    let answer = top.search(named(2)).await;
    for offer in answer["flight_item_list"]["flight_item"]
        .as_array()
        .unwrap()
    {
        assert!(offer["solution_id"].as_str().unwrap().ends_with("CZ8957"));
    }
    let answer = top.search(named(0)).await;
    assert_eq!(answer["error_msg"], "搜索询价无报价");
}

#[tokio::test]
async fn the_size_of_a_listing_is_configurable() {
    let top = start_with(|config| config.listing_flights = 50).await;
    let answer = top.search(|_| {}).await;
    let size = answer.to_string().len();
    assert!((180_000..260_000).contains(&size), "{size}");
}

#[tokio::test]
async fn an_order_is_booked_paid_found_and_ticketed() {
    let top = start().await;
    let id = top.booked("A-1").await;
    assert!(id > 1 << 53);
    let detail = top.detail("A-1").await;
    assert_eq!(detail["order_status"], "生单预定成功");
    assert!(detail.get("pay_time").is_none());
    let total = detail["total_price"].clone();

    let wrong = json!({"order_id": id, "total_price": total.as_f64().unwrap() + 1.0});
    let answer = top.call("pay", "pay_order_request", &wrong).await;
    assert_eq!(answer["error_code_info"], "isv.PRICE_CHANGED");
    let right = json!({"order_id": id, "total_price": total});
    let answer = top.call("pay", "pay_order_request", &right).await;
    assert_eq!(answer["is_success"], true);
    assert_eq!(answer["real_pay_price"], total);
    assert!(answer["alipay_trade_no"].is_string());
    assert_eq!(
        top.pay(id).await["error_code_info"],
        "isv.ORDER_ALREADY_PAID"
    );
    let close = json!({"order_id": id});
    let answer = top.call("close", "close_order_request", &close).await;
    assert_eq!(answer["is_success"], false);

    let ticketed = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let detail = top.detail("A-1").await;
            if detail["order_status"] == "出票成功" {
                return detail;
            }
        }
    });
    let detail = ticketed.await.unwrap();
    let passenger = &detail["flight_book_order_detail_list"]["flight_book_order_detail"][0];
    assert!(passenger["ticket_nos"]["string"][0].is_string());

    assert_eq!(
        top.effects("A-1").await,
        json!({"book": 1, "pay": 1, "close": 0, "refund": 0, "change": 0})
    );
    assert_eq!(top.counts("A-1", "pay").await, (3, 1));
    assert_eq!(top.counts("A-1", "airbook").await, (1, 1));
}

#[tokio::test]
async fn every_offer_can_be_booked_once_and_only_for_its_price() {
    let top = start().await;
    for (index, offer) in top.offers().await.iter().enumerate() {
        let mut input = booking(offer, &format!("offer-{index}"));
        let total = input["total_price"].as_f64().unwrap();
        input["total_price"] = json!(total - 1.0);
        let answer = top.call("airbook", "create_order_request", &input).await;
        assert_eq!(answer["error_code_info"], "isv.PRICE_CHANGED");
        input["total_price"] = json!(total);
        if offer.get("member_type").is_some() {
            let allowed = input
                .as_object_mut()
                .unwrap()
                .remove("allow_register_or_query_member");
            let answer = top.call("airbook", "create_order_request", &input).await;
            assert_eq!(answer["error_code_info"], "isv.MEMBER_REQUIRED");
            input["allow_register_or_query_member"] = allowed.unwrap();
        }
        let answer = top.call("airbook", "create_order_request", &input).await;
        assert_eq!(answer["is_success"], true, "{answer}");
        let answer = top.call("airbook", "create_order_request", &input).await;
        assert_eq!(answer["error_code_info"], "isv.ORDER_ALREADY_EXIST");
    }
}

#[tokio::test]
async fn a_list_is_paged_and_filtered_by_status() {
    let top = start().await;
    let mut last = 0;
    for index in 0..5 {
        last = top.booked(&format!("L-{index}")).await;
    }
    let close = json!({"order_id": last});
    let answer = top.call("close", "close_order_request", &close).await;
    assert_eq!(answer["order_status"], "已关闭");
    let list = |change: Value| {
        let mut input = json!({"book_time_start": now_wire(-1), "book_time_end": now_wire(1)});
        input
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        input
    };
    let method = ("queryorderlist", "query_order_list_request");
    let mut seen = Vec::new();
    for page in 1..=3 {
        let input = list(json!({"page_index": page, "page_size": 2}));
        let answer = top.call(method.0, method.1, &input).await;
        assert_eq!(answer["pagination"]["total_count"], 5);
        assert_eq!(answer["pagination"]["total_page"], 3);
        let rows = &answer["flight_book_order_list"]["flight_book_order"];
        for row in rows.as_array().unwrap() {
            seen.push(row["out_order_no"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(seen, ["L-4", "L-3", "L-2", "L-1", "L-0"]);
    let answer = top
        .call(method.0, method.1, &list(json!({"order_status": "已关闭"})))
        .await;
    assert_eq!(answer["pagination"]["total_count"], 1);
    let answer = top
        .call(method.0, method.1, &list(json!({"order_status": "无"})))
        .await;
    assert_eq!(answer["flight_book_order_list"], json!({}));
}

#[tokio::test]
async fn an_unpaid_order_closes_and_another_account_sees_nothing() {
    let top = start_with(|config| {
        config.timing.pay_within = Duration::ZERO;
        config
            .sessions
            .insert("second".to_owned(), "other".to_owned());
    })
    .await;
    let id = top.booked("U-1").await;
    assert_eq!(top.detail("U-1").await["order_status"], "已关闭");
    assert_eq!(top.pay(id).await["error_code_info"], "isv.ORDER_CLOSED");
    let input = json!({"order_id": id});
    let mut params = top.params("queryorderdetail", "query_order_detail_request", &input);
    params.insert("session".to_owned(), "second".to_owned());
    let body = top
        .send(&top.signed(params))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(body.contains("isv.ORDER_NOT_EXIST"), "{body}");
}

#[tokio::test]
async fn the_control_api_scripts_shows_advances_and_resets() {
    let top = start().await;
    let id = top.booked("C-1").await;
    top.fault(json!({
        "method": "queryorderdetail", "fault": "refuse", "times": null,
        "match": {"order_id": id.to_string()}, "code": "isv.MINE", "text": "自定义",
    }))
    .await;
    for _ in 0..3 {
        let answer = top.detail("C-1").await;
        assert_eq!(answer["error_code_info"], "isv.MINE");
        assert_eq!(answer["error_msg"], "自定义");
    }
    let faults = top.get("faults").await;
    assert_eq!(faults["items"][0]["struck"], 3);
    let url = format!("{}/_simulator/faults", top.base);
    assert_eq!(top.http.delete(&url).send().await.unwrap().status(), 204);
    for (rule, status) in [
        (json!({"method": "pay", "fault": "no_such"}), 422),
        (
            json!({"method": "pay", "fault": "slow", "when": "now"}),
            422,
        ),
        (json!({"method": "pay", "fault": "slow", "times": 0}), 422),
    ] {
        let response = top.post(&url, &rule).await;
        assert_eq!(response.status(), status);
    }
    let advance = async |id: u64, to: &str| {
        let url = format!("{}/_simulator/orders/{id}/advance", top.base);
        top.post(&url, &json!({"to": to})).await
    };
    let row = json_of(advance(id, "paid").await).await;
    assert_eq!(row["status"], "paid");
    assert_eq!(row["effects"]["pay"], 0);
    assert_eq!(row["order_id"], id.to_string());
    let row = json_of(advance(id, "ticketed").await).await;
    assert_eq!(row["status"], "ticketed");
    assert_eq!(advance(1, "closed").await.status(), 404);
    let orders = top.get("orders").await.to_string();
    assert!(!orders.contains("110101199003070000") && !orders.contains("测试旅客"));
    let calls = top.get("calls?method=queryorderdetail").await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 3);
    assert_eq!(
        calls["counts"]["airbook"],
        json!({"received": 1, "effects": 1})
    );

    let url = format!("{}/_simulator/reset", top.base);
    assert!(
        top.http
            .post(url)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    let orders = top.get("orders").await;
    let [known] = orders["items"].as_array().unwrap().as_slice() else {
        panic!("{orders}");
    };
    assert_eq!(known["out_order_no"], "SIM-KNOWN-ORDER");
    assert_eq!(top.get("calls").await["items"], json!([]));
}

#[tokio::test]
async fn a_simulator_with_overrides_uses_the_overridden_wire() {
    let detail = "alitrip.flight.service.queryorderdetail";
    let overrides = json!([
        {"method": detail, "side": "request", "path": "query_order_detail_request", "rename": "request"},
        {"method": detail, "side": "request", "path": "query_order_detail_request.out_order_no", "rename": "outer_id"},
        {"method": detail, "side": "answer", "path": "order_id", "rename": "id", "type": "String"},
    ]);
    let overrides: Vec<_> = serde_json::from_value(overrides).unwrap();
    let overrides = Overrides::build(Registry::embedded(), &overrides).unwrap();
    let top = start_with(|config| config.overrides = overrides).await;
    let id = top.booked("M-1").await;
    let response = top
        .raw("queryorderdetail", "request", &json!({"outer_id": "M-1"}))
        .await;
    let body: Value = serde_json::from_str(&response.unwrap().text().await.unwrap()).unwrap();
    let answer = &body["alitrip_flight_service_queryorderdetail_response"];
    assert_eq!(answer["id"], id.to_string(), "{body}");
    // The contract's own names are no longer known.
    let answer = top.detail("M-1").await;
    assert_eq!(answer["code"], 40);
}

#[tokio::test]
async fn nothing_can_be_advanced_to_its_first_status() {
    let top = start().await;
    for (what, first, second) in [
        ("orders", "booked", "paid"),
        ("refunds", "applied", "in_progress"),
        ("changes", "submitted", "awaiting_payment"),
    ] {
        let url = format!("{}/_simulator/{what}/1/advance", top.base);
        let refused = top.post(&url, &json!({"to": first})).await;
        assert_eq!(refused.status(), 422, "{what}");
        let allowed = top.post(&url, &json!({"to": second})).await;
        assert_eq!(allowed.status(), 404, "{what}");
    }
}
