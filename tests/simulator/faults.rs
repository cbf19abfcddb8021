//! Every fault: what a client sees, and the effect of the write.

use serde_json::{Value, json};

use crate::client::{now_wire, start};

/// What a client sees of a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    /// The connection broke before a response.
    Nothing,
    /// The body was cut off.
    Broken,
    /// Status and body.
    Body(u16, String),
}

pub(crate) async fn see(response: reqwest::Result<reqwest::Response>) -> Seen {
    match response {
        Err(_) => Seen::Nothing,
        Ok(response) => {
            let status = response.status().as_u16();
            match response.text().await {
                Ok(text) => Seen::Body(status, text),
                Err(_) => Seen::Broken,
            }
        }
    }
}

#[tokio::test]
async fn every_fault_has_its_response_and_its_effect() {
    let top = start().await;
    fn text(needle: &'static str) -> impl Fn(&Seen) -> bool {
        move |seen| matches!(seen, Seen::Body(200, body) if body.contains(needle))
    }
    let status = |code: u16, needle: &'static str| move |seen: &Seen| matches!(seen, Seen::Body(c, body) if *c == code && body.contains(needle));
    type Check = Box<dyn Fn(&Seen) -> bool>;
    let nothing = |seen: &Seen| *seen == Seen::Nothing;
    let cut = |seen: &Seen| match seen {
        Seen::Body(200, body) => serde_json::from_str::<Value>(body).is_err() && !body.is_empty(),
        _ => false,
    };
    let length = |at_least: usize| move |seen: &Seen| matches!(seen, Seen::Body(200, body) if body.len() > at_least);
    let cases: Vec<(&str, u64, Check)> = vec![
        ("hang_then_succeed", 1, Box::new(nothing)),
        ("hang_then_nothing", 0, Box::new(nothing)),
        (
            "timeout_done",
            1,
            Box::new(text("isp.top-remote-connection-timeout")),
        ),
        ("timeout_nothing", 0, Box::new(text("\"code\":15"))),
        (
            "business_timeout_done",
            1,
            Box::new(text("\"error_msg\":\"远程调用服务超时\"")),
        ),
        (
            "business_timeout_nothing",
            0,
            Box::new(text("\"error_msg\":\"远程调用服务超时\"")),
        ),
        ("error_after_success", 1, Box::new(text("isv.SYSTEM_ERROR"))),
        ("system_error_nothing", 0, Box::new(text("系统错误"))),
        ("late_visibility", 1, Box::new(status(502, "<html>"))),
        ("lookup_error", 0, Box::new(text("请求参数错误"))),
        (
            "app_call_limited",
            0,
            Box::new(text("This ban will last for 1 more seconds")),
        ),
        ("html_502", 1, Box::new(status(502, "<html>"))),
        ("html_502_nothing", 0, Box::new(status(502, "<html>"))),
        (
            "http_500_empty",
            0,
            Box::new(|seen| *seen == Seen::Body(500, String::new())),
        ),
        (
            "redirect_307",
            0,
            Box::new(|seen| *seen == Seen::Body(307, String::new())),
        ),
        ("cut_json", 1, Box::new(cut)),
        ("cut_body", 1, Box::new(|seen| *seen == Seen::Broken)),
        (
            "empty_200",
            1,
            Box::new(|seen| *seen == Seen::Body(200, String::new())),
        ),
        ("reset_before", 0, Box::new(nothing)),
        ("reset_after", 1, Box::new(nothing)),
        ("refuse", 0, Box::new(text("isv."))),
        (
            "refuse_unlisted",
            0,
            Box::new(|seen| text("error_msg")(seen) && !text("error_code_info")(seen)),
        ),
        (
            "success_without_effect",
            0,
            Box::new(text("\"is_success\":true")),
        ),
        ("wrong_reference", 1, Box::new(text("-OTHER"))),
        ("slow", 1, Box::new(text("\"is_success\":true"))),
        ("huge_answer", 1, Box::new(length(20_000_000))),
        ("gzip_bomb", 1, Box::new(length(60_000_000))),
        ("deep_json", 1, Box::new(text("{\"a\":{\"a\":"))),
        ("clock_skew", 0, Box::new(text("\"code\":31"))),
        ("invalid_session", 0, Box::new(text("invalid-sessionkey"))),
        (
            "ip_not_allowed",
            0,
            Box::new(text("isv.permission-ip-whitelist-limit")),
        ),
        (
            "missing_is_success",
            1,
            Box::new(|seen| text("order_id")(seen) && !text("\"is_success\"")(seen)),
        ),
        ("price_jump", 1, Box::new(text("\"is_success\":true"))),
        ("unknown_status", 1, Box::new(text("人工处理中"))),
    ];
    for (fault, effects, looks_right) in cases {
        let number = format!("F-{fault}");
        top.fault(json!({
            "method": "airbook", "fault": fault, "match": {"out_order_no": number},
            "delay_ms": if fault == "slow" { Some(50) } else { None },
        }))
        .await;
        let seen = see(top.book(&number).await).await;
        assert!(
            looks_right(&seen),
            "{fault}: {}",
            format!("{seen:?}").chars().take(500).collect::<String>()
        );
        assert_eq!(
            top.counts(&number, "airbook").await,
            (1, effects),
            "{fault}"
        );
        let orders = top.get(&format!("orders?out_order_no={number}")).await;
        assert_eq!(
            orders["items"].as_array().unwrap().len() as u64,
            effects,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn magic_numbers_apply_faults_without_a_script() {
    let top = start().await;
    let number = "sim.pay.timeout_done.detail.lookup_error.0001";
    let id = top.booked(number).await;
    let answer = top.pay(id).await;
    assert_eq!(answer["code"], 15);
    for _ in 0..3 {
        assert_eq!(top.detail(number).await["error_msg"], "请求参数错误");
    }
    assert!(top.detail(number).await["pay_time"].is_string());
    assert_eq!(top.counts(number, "pay").await, (1, 1));
    assert_eq!(top.effects(number).await["pay"], 1);

    let number = "sim.book.hang_then_succeed.pay.reset_after.7";
    assert_eq!(see(top.book(number).await).await, Seen::Nothing);
    let id = top.detail(number).await["order_id"].as_u64().unwrap();
    let pay = json!({"order_id": id});
    assert_eq!(
        see(top.raw("pay", "pay_order_request", &pay).await).await,
        Seen::Nothing
    );
    assert!(top.detail(number).await["pay_time"].is_string());

    let number = "sim.detail.lookup_not_found_once.1";
    top.booked(number).await;
    assert_eq!(
        top.detail(number).await["error_code_info"],
        "isv.ORDER_NOT_EXIST"
    );
    assert_eq!(top.detail(number).await["is_success"], true);

    top.booked("sim.list.lookup_not_found_once.1").await;
    let window = json!({"book_time_start": now_wire(-1), "book_time_end": now_wire(1)});
    let list = || top.call("queryorderlist", "query_order_list_request", &window);
    assert_eq!(list().await["pagination"]["total_count"], 0);
    assert_ne!(list().await["pagination"]["total_count"], 0);
}

#[tokio::test]
async fn a_late_effect_is_hidden_from_lookups_and_then_visible() {
    let top = start().await;
    top.fault(json!({"method": "airbook", "fault": "late_visibility", "lookups": 2}))
        .await;
    assert!(matches!(
        see(top.book("V-1").await).await,
        Seen::Body(502, _)
    ));
    for _ in 0..2 {
        assert_eq!(
            top.detail("V-1").await["error_code_info"],
            "isv.ORDER_NOT_EXIST"
        );
    }
    let id = top.detail("V-1").await["order_id"].as_u64().unwrap();
    top.fault(json!({"method": "pay", "fault": "late_visibility", "lookups": 1}))
        .await;
    let pay = json!({"order_id": id});
    assert!(matches!(
        see(top.raw("pay", "pay_order_request", &pay).await).await,
        Seen::Body(502, _)
    ));
    let detail = top.detail("V-1").await;
    assert_eq!(detail["order_status"], "生单预定成功");
    assert!(detail.get("pay_time").is_none());
    assert!(top.detail("V-1").await["pay_time"].is_string());
}

#[tokio::test]
async fn a_payment_may_be_reported_but_not_executed_or_find_another_price() {
    let top = start().await;
    let id = top.booked("P-1").await;
    let total = top.detail("P-1").await["total_price"].clone();
    top.fault(json!({"method": "pay", "fault": "success_without_effect"}))
        .await;
    let answer = top.pay(id).await;
    assert_eq!(answer["is_success"], true);
    assert!(answer["pay_time"].is_string());
    assert!(top.detail("P-1").await.get("pay_time").is_none());
    assert_eq!(top.effects("P-1").await["pay"], 0);
    top.fault(json!({"method": "pay", "fault": "price_jump"}))
        .await;
    let input = json!({"order_id": id, "total_price": total});
    let answer = top.call("pay", "pay_order_request", &input).await;
    assert_eq!(answer["error_code_info"], "isv.PRICE_CHANGED");
    assert_ne!(top.detail("P-1").await["total_price"], total);
}
