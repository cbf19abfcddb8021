//! Personal data and secrets never leak: not into the log at any level, the journal's files, metrics
//! or operations.

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::logged::{Captured, SLOW, assert_absent, holds, passes_in_a_child};
use crate::ticket::{advance, problem};
use crate::world::{Answer, World, booking, metrics, search};

const NAME: &str = "欧阳金丝雀";
const CONTACT: &str = "上官金丝雀";
const BUYER: &str = "司徒金丝雀";
const PHONE: &str = "13798765432";
const BUYER_PHONE: &str = "13698765431";
const EMAIL: &str = "canary-bird@example.net";
const SESSION: &str = "canary-session-5f1c7e0b9a";
const SECRET: &str = "canary-secret-77aa01d2c3";
const API_KEY: &str = "canary-api-key-91b2c3d4";
const BORN: &str = "1987-06-05";
const PASSPORT: &str = "EK7654321";
const REASON: &str = "金丝雀病了";
const REMARK: &str = "金丝雀靠窗";
const CALLEE: &str = "诸葛金丝雀";
const CALLEE_PHONE: &str = "13598765430";
const FILE_NAME: &str = "金丝雀的病历";
const FILE_TEXT: &str = "canary-diagnosis-3c9e";

/// An ID card number with this date of birth.
fn id_card(digits: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits
        .bytes()
        .zip(weights)
        .map(|(d, w)| u32::from(d - b'0') * w)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{digits}{}", char::from(check))
}

/// Every canary, in every encoding in which it could leak.
fn canaries() -> Vec<Vec<u8>> {
    let (own, buyer) = (id_card("11010119870605913"), id_card("11010119870605921"));
    let mut texts = vec![
        NAME.to_owned(),
        CONTACT.to_owned(),
        BUYER.to_owned(),
        PHONE.to_owned(),
        BUYER_PHONE.to_owned(),
        EMAIL.to_owned(),
        SESSION.to_owned(),
        SECRET.to_owned(),
        API_KEY.to_owned(),
        BORN.to_owned(),
        BORN.replace('-', ""),
        PASSPORT.to_owned(),
        REASON.to_owned(),
        REMARK.to_owned(),
        CALLEE.to_owned(),
        CALLEE_PHONE.to_owned(),
        FILE_NAME.to_owned(),
        FILE_TEXT.to_owned(),
        own,
        buyer,
    ];
    let encoded: Vec<String> = texts
        .iter()
        .map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect())
        .collect();
    // As Debug and as ASCII JSON would escape them.
    let escaped: Vec<String> = texts
        .iter()
        .filter(|text| !text.is_ascii())
        .flat_map(|text| {
            let ascii: String = text
                .chars()
                .map(|c| format!("\\u{:04x}", u32::from(c)))
                .collect();
            [
                text.escape_unicode().to_string(),
                ascii,
                format!("{:?}", text.as_bytes()),
            ]
        })
        .collect();
    texts.extend(encoded);
    texts.extend(escaped);
    texts.into_iter().map(String::into_bytes).collect()
}

fn assert_clean(place: &str, bytes: &[u8]) {
    for canary in canaries() {
        assert_absent(place, bytes, &canary);
    }
}

/// A member booking of the canary with every personal field.
fn canary_booking(offer: &Value, number: &str) -> Value {
    let mut body = booking(offer, number);
    let card =
        json!({"type": "id_card", "number": id_card("11010119870605913"), "expires_on": null});
    let passenger = &mut body["passengers"][0];
    passenger["name"] = json!(NAME);
    passenger["document"] = card;
    passenger["birth_date"] = json!(BORN);
    passenger["mobile"] = json!(PHONE);
    body["contact"] = json!({
        "name": CONTACT, "mobile_country_code": "86", "mobile": PHONE, "phone": null, "email": EMAIL,
        "document": {"type": "passport", "number": PASSPORT, "expires_on": null},
    });
    if offer["member_fare"]["who"] == "buyer" {
        body["allow_register_or_query_member"] = json!(true);
        body["member_buyer"] = json!({
            "name": BUYER, "birth_date": BORN, "mobile_country_code": "86", "mobile": BUYER_PHONE,
            "document": {"type": "id_card", "number": id_card("11010119870605921"), "expires_on": null},
        });
    }
    body
}

/// Sends a change with contact and remark, a refund with a reason, and a proof with a revealing file
/// name. Fliggy's refusals repeat all these texts.
async fn after_the_ticket(
    world: &World,
    post: &impl AsyncFn(&str, &str, &Value) -> Answer,
    booked: &Value,
) {
    let own = id_card("11010119870605913");
    let key = ("X-Api-Key", API_KEY);
    let id = booked["order_id"].as_str().unwrap();
    let order = format!("/v1/orders/{id}");
    advance(world, &format!("orders/{id}"), "ticketed").await;
    let read = world.get_with(&order, &[key]).await.body;
    let passenger = &read["passengers"][0]["passenger_id"];
    // Refusals contain what Fliggy knows: the passengers, and the content of the request.
    let personal_text = format!("乘客{NAME}证件{own}手机{PHONE}");
    let of_change = format!("{personal_text}联系人{CALLEE}{CALLEE_PHONE}备注{REMARK}有误");
    let of_refund = format!("{personal_text}原因{REASON}不符");
    let plain = format!("{NAME}不可办理{own}");
    let fault = |method: &str, fault: &str| {
        let personal_text = match method.starts_with("change") {
            true => &of_change,
            false => &of_refund,
        };
        // The plain text has no word that announces a name.
        let (fault, personal_text) = match fault {
            "refuse_plain" => ("refuse", &plain),
            fault => (fault, personal_text),
        };
        json!({"method": method, "fault": fault, "text": personal_text, "match": {"order_id": id}})
    };

    let mut change: Value =
        serde_json::from_str(include_str!("../../openapi/examples/change.json")).unwrap();
    change["passengers"] = json!([passenger]);
    change["remark"] = json!(REMARK);
    change["contact"] =
        json!({"name": CALLEE, "mobile_country_code": "86", "mobile": CALLEE_PHONE});
    let changes = format!("{order}/changes");
    for (number, method, how) in [
        ("REPEATED-C-1", "change_create", "refuse"),
        ("REPEATED-C-2", "change_create", "refuse_unlisted"),
        ("REPEATED-C-3", "change_query", "lookup_error"),
        ("REPEATED-C-5", "change_query", "refuse_plain"),
        ("REPEATED-C-4", "queryorderdetail", "lookup_error"),
    ] {
        change["out_change_no"] = json!(number);
        let refused = world
            .under_fault(fault(method, how), post(&changes, number, &change))
            .await;
        assert!(refused.status >= 400, "{number}: {refused:?}");
    }
    change["out_change_no"] = json!("CANARY-C");
    world
        .fault(fault("change_create", "business_timeout_done"))
        .await;
    let created = post(&changes, "c", &change).await;
    assert_eq!(created.status, 201, "{created:?}");
    let change = format!(
        "/v1/changes/{}",
        created.created()["change_order_no"].as_str().unwrap()
    );
    let total = json!({"total_price": created.created()["total_price"]});
    for (method, how, path, body) in [
        ("change_pay", "refuse", "payment", &total),
        ("change_query", "lookup_error", "payment", &total),
        ("change_cancel", "refuse", "cancel", &json!({})),
    ] {
        let (path, key) = (format!("{change}/{path}"), format!("{method}-{how}"));
        let refused = world
            .under_fault(fault(method, how), post(&path, &key, body))
            .await;
        assert!(refused.status >= 400, "{method} {how}: {refused:?}");
    }
    let shown = world
        .get_with(&format!("{change}?include=upstream"), &[key])
        .await;
    assert!(shown.body.to_string().contains(NAME), "{shown:?}");
    assert_eq!(world.get_with(&changes, &[key]).await.status, 200);
    let cancelled = post(&format!("{change}/cancel"), "x", &json!({})).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");

    let selection = json!({"kind": "flight_changed", "passengers": [passenger]});
    let quote = format!("{order}/refund-quote");
    let refused = world
        .under_fault(
            fault("refund_render", "refuse"),
            post(&quote, "-", &selection),
        )
        .await;
    assert!(refused.status >= 400, "{refused:?}");
    let mut refund = selection.clone();
    refund["fee"] = json!("0.00");
    refund["reason"] = json!(REASON);
    let refunds = format!("{order}/refunds");
    for (number, method, how) in [
        ("REPEATED-R-1", "refund_create", "refuse"),
        ("REPEATED-R-2", "refund_create", "refuse_unlisted"),
        ("REPEATED-R-3", "refund_render", "refuse"),
        ("REPEATED-R-6", "refund_render", "refuse_plain"),
        ("REPEATED-R-7", "refund_list", "refuse_plain"),
        ("REPEATED-R-4", "refund_list", "lookup_error"),
        ("REPEATED-R-5", "queryorderdetail", "lookup_error"),
    ] {
        refund["out_refund_no"] = json!(number);
        let refused = world
            .under_fault(fault(method, how), post(&refunds, number, &refund))
            .await;
        assert!(refused.status >= 400, "{number}: {refused:?}");
    }
    refund["out_refund_no"] = json!("CANARY-R");
    world
        .fault(fault("refund_create", "business_timeout_done"))
        .await;
    let applied = post(&refunds, "r", &refund).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let number = applied.created()["refund_order_no"].as_str().unwrap();
    let refund = format!("/v1/refunds/{number}");

    for how in [Some("refuse"), Some("timeout_nothing"), None] {
        if let Some(how) = how {
            world.fault(fault("upload", how)).await;
        }
        let part = reqwest::multipart::Part::bytes(format!("%PDF-1.7 {FILE_TEXT}").into_bytes())
            .file_name(format!("{FILE_NAME}.pdf"));
        let form = reqwest::multipart::Form::new()
            .part("file", part)
            .text("order_id", id.to_owned());
        let uploaded = world.upload_with(form, &[key]).await;
        assert_eq!(uploaded.status == 201, how.is_none(), "{uploaded:?}");
    }
    let files = world.get("/_simulator/files").await.body.to_string();
    assert!(
        files.contains("part_file_name") && !files.contains(FILE_NAME),
        "{files}"
    );
    advance(world, &format!("refunds/{number}"), "failed").await;
    let shown = world
        .get_with(&format!("{refund}?include=upstream"), &[key])
        .await;
    assert!(shown.body.to_string().contains(REASON), "{shown:?}");
    assert_eq!(shown.body["attachment_awaited"], false);
    assert_eq!(world.get_with(&refunds, &[key]).await.status, 200);
    assert_eq!(
        world
            .get_with(&format!("{order}/flight-changes"), &[key])
            .await
            .status,
        200
    );

    // Invalid requests.
    for (path, body) in [
        (
            &refunds,
            json!({"out_refund_no": "W", "reason": format!("{REASON}\n{NAME}"), "kind": "voluntary",
                          "passengers": [passenger], "fee": "1"}),
        ),
        (
            &refunds,
            json!({"out_refund_no": "W", "passengers": [NAME], "kind": REASON}),
        ),
        (
            &changes,
            json!({"out_change_no": "W", "remark": {"text": REMARK}, "passengers": [PHONE]}),
        ),
        (
            &changes,
            json!({"out_change_no": "W", "contact": {"name": 1, "mobile": CALLEE_PHONE}, REMARK: CALLEE}),
        ),
    ] {
        let refused = post(path, "w", &body).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_clean("problem", refused.body.to_string().as_bytes());
    }
    let part = reqwest::multipart::Part::bytes(FILE_TEXT.as_bytes()).file_name(FILE_NAME);
    for form in [
        reqwest::multipart::Form::new().part("file", part),
        reqwest::multipart::Form::new().text(FILE_NAME, FILE_TEXT),
        reqwest::multipart::Form::new().text("order_id", FILE_NAME),
    ] {
        let refused = world.upload_with(form, &[key]).await;
        assert!(refused.status >= 400, "{refused:?}");
        assert_clean("problem", refused.body.to_string().as_bytes());
    }
}

#[test]
fn no_personal_data_or_secret_leaks() {
    passes_in_a_child("masking::everything_is_logged_in_a_child_process");
}

#[tokio::test]
#[ignore = "takes over the log of its process; the test above runs it in a child process"]
async fn everything_is_logged_in_a_child_process() {
    let Some(log) = Captured::in_the_child() else {
        return;
    };
    let secrets = [
        ("GATEWAY__TOP__APP_SECRET", SECRET),
        ("GATEWAY__ACCOUNTS__DEFAULT__SESSION", SESSION),
        ("GATEWAY__AUTH__MODE", "keys"),
        ("GATEWAY__AUTH__KEYS__CHIEF__KEY", API_KEY),
        ("GATEWAY__AUTH__KEYS__CHIEF__ROLE", "operator"),
    ];
    let world = World::start_with(&[&secrets, SLOW].concat(), |simulator| {
        simulator.app_secret = SecretString::from(SECRET);
        simulator.sessions = [(SESSION.to_owned(), "default".to_owned())].into();
    })
    .await;
    let key = ("X-Api-Key", API_KEY);
    let post = async |path: &str, idempotency: &str, body: &Value| {
        let headers = [key, ("Idempotency-Key", idempotency), ("Prefer", "wait=20")];
        loop {
            let answer = world.post_with(path, &headers, body).await;
            // A busy machine may miss the second in which a write may be sent.
            if answer.body["code"] != "not_sent" {
                return answer;
            }
        }
    };
    let found = post("/v1/flights/search", "s", &search("BJS", "XMN")).await;
    let items = found.body["items"].as_array().unwrap();
    let offer = items
        .iter()
        .find(|o| o["member_fare"]["who"] == "buyer")
        .unwrap();

    // A booking, and a payment without a response.
    let body = canary_booking(offer, "sim.book.timeout_done.pay.hang_then_succeed.canary");
    let booked = post("/v1/orders", "b", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let order = format!(
        "/v1/orders/{}",
        booked.created()["order_id"].as_str().unwrap()
    );
    let total = json!({"total_price": booked.created()["total_price"]});
    let paid = post(&format!("{order}/payment"), "p", &total).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let read = world
        .get_with(&format!("{order}?include=upstream"), &[key])
        .await;
    assert!(
        read.body.to_string().contains(NAME),
        "the caller sees its own passenger"
    );
    let listed = format!(
        "/v1/orders?booked_from={}&booked_until={}",
        world.clock_wire(-1),
        world.clock_wire(1)
    );
    assert_eq!(world.get_with(&listed, &[key]).await.status, 200);

    // Fliggy repeats the request in refusals of every kind.
    let own = id_card("11010119870605913");
    let personal_text = format!("乘客{NAME}证件{own}手机{PHONE}邮箱{EMAIL}联系人{CONTACT}有误");
    for (number, method, fault) in [
        ("REPEATED-1", "airbook", "refuse"),
        ("REPEATED-2", "airbook", "refuse_unlisted"),
        ("REPEATED-3", "airbook", "business_timeout_done"),
        ("REPEATED-4", "pay", "refuse"),
        ("REPEATED-5", "close", "refuse"),
        ("REPEATED-6", "queryorderdetail", "lookup_error"),
    ] {
        let only = json!({"out_order_no": number});
        let rule = json!({"method": method, "fault": fault, "text": personal_text, "match": only});
        if method == "airbook" {
            world.fault(rule.clone()).await;
        }
        let answer = post("/v1/orders", number, &canary_booking(offer, number)).await;
        if method == "airbook" {
            continue;
        }
        let order = format!(
            "/v1/orders/{}",
            answer.created()["order_id"].as_str().unwrap()
        );
        let (path, body) = match method {
            "close" => (format!("{order}/close"), json!({})),
            _ => (format!("{order}/payment"), total.clone()),
        };
        let refused = world
            .under_fault(rule, post(&path, &format!("{number}-w"), &body))
            .await;
        assert!(refused.status >= 400, "{refused:?}");
    }
    after_the_ticket(&world, &post, booked.created()).await;

    // Invalid requests: the response and the log name the field, not the value.
    let mut wrong = canary_booking(offer, "WRONG-1");
    wrong["passengers"][0]["document"]["number"] = json!(format!("{}9", &own[..17]));
    wrong["passengers"][0]["birth_date"] = json!("1987-06-06");
    let refused = post("/v1/orders", "w", &wrong).await;
    assert_eq!(refused.status, 400);
    assert_clean("problem", refused.body.to_string().as_bytes());
    wrong["contact"]["mobile"] = json!({"number": PHONE});
    let refused = post("/v1/orders", "w", &wrong).await;
    assert_eq!(refused.status, 400);
    assert_clean("problem", refused.body.to_string().as_bytes());
    wrong[NAME] = json!(PHONE);
    let refused = post("/v1/orders", "w", &wrong).await;
    assert_eq!(refused.status, 400);
    assert_clean("problem", refused.body.to_string().as_bytes());

    // Operations and events as callers see them.
    let operations = world.get_with("/v1/operations?limit=200", &[key]).await;
    for operation in operations.body["items"].as_array().unwrap() {
        let path = format!("/v1/operations/{}", operation["id"].as_str().unwrap());
        let whole = world.get_with(&path, &[key]).await;
        assert_clean("operation", whole.body.to_string().as_bytes());
    }
    assert!(operations.body["items"].as_array().unwrap().len() >= 20);
    let events = world.get_with("/v1/events?limit=200", &[key]).await;
    assert_clean("events", events.body.to_string().as_bytes());
    assert_clean("metrics", metrics().render().as_bytes());
    let served = world.get("/metrics").await;
    assert_eq!(served.status, 200);
    assert_clean("metrics", served.body.to_string().as_bytes());

    let files = world.journal_files();
    for (path, bytes) in &files {
        assert_clean(&path.display().to_string(), bytes);
    }
    assert!(files.len() >= 3, "database, write-ahead log and its index");
    let wal = world.journal().with_extension("db-wal");
    let written = std::fs::read(wal).unwrap();
    for known in [
        "REPEATED-1",
        "REPEATED-R-1",
        "REPEATED-C-1",
        "CANARY-R",
        "CANARY-C",
    ] {
        assert!(
            holds(&written, known.as_bytes()),
            "the search must find text that is there"
        );
    }

    let log = log.bytes();
    let text = String::from_utf8_lossy(&log);
    for crate_name in ["fliggy_gateway", "hyper", "reqwest", "sqlx"] {
        assert!(text.contains(crate_name), "{crate_name} logged nothing");
    }
    assert_clean("log", &log);
}

#[tokio::test]
async fn an_address_missing_from_the_allowlist_is_shown() {
    let world = World::start().await;
    let order = world.booked("ADDRESS-1").await;
    for method in ["detail", "pay"] {
        let rule = json!({"method": method, "fault": "ip_not_allowed", "times": 1});
        world.fault(rule).await;
    }
    let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
    let read = world.get(&path).await;
    let paid = world.pay(&order, "pay", 20).await;
    for refused in [read, paid] {
        assert_eq!(problem(&refused), (502, "ip_not_allowed"), "{refused:?}");
        let message = refused.body["upstream"]["message"].as_str().unwrap();
        assert!(message.contains("192.168.1.0"), "{message}");
        assert!(!message.contains("12345678"), "{message}");
    }
}

#[tokio::test]
async fn a_refusal_about_a_person_keeps_its_code_and_topic() {
    let world = World::start().await;
    let order = world.booked("PERSON-1").await;
    let text = "乘客张三丰的证件号码重复";
    let rule = json!({
        "method": "detail", "fault": "refuse", "code": "isv.CREDENTIAL_2001001", "text": text,
    });
    world.fault(rule).await;
    let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
    let refused = world.get(&path).await;
    assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
    let upstream = &refused.body["upstream"];
    assert_eq!(upstream["code"], "isv.CREDENTIAL_2001001");
    let message = upstream["message"].as_str().unwrap();
    assert!(
        message.ends_with("subjects: passenger, document, duplicate)"),
        "{message}"
    );
}
