//! `taobao.tmc.user.get` and `.permit`, `taobao.time.get` and `taobao.appip.get`.

use serde_json::{Value, json};

use crate::client::{Top, json_of, now_wire, start};
use crate::platform::text;
use crate::tmc::Tmc;

const SESSION: (&str, &str) = ("session", "sandbox-session");
const TRADE: &str = "alitrip_flight_TradeNotify";
const PAYMENT: &str = "alitrip_flight_PayNotification";

async fn topics(top: &Top) -> Value {
    let given = [("fields", "topics"), ("nick", "default")];
    top.platform("tmc.user.get", &given).await["tmc_user"]["topics"].clone()
}

#[tokio::test]
async fn a_user_is_found_by_nick_with_the_fields_asked_for() {
    let top = start().await;
    let fields = "user_nick,user_id, group_name,is_valid,user_platform,colour";
    let given = [("fields", fields), ("nick", "另一位用户")];
    let answer = top.platform("tmc.user.get", &given).await;
    assert_eq!(
        answer["tmc_user"],
        json!({
            "user_nick": "另一位用户", "user_id": 2_209_999_999_999_i64, "group_name": "default",
            "is_valid": true, "user_platform": "tbUIC",
        })
    );
    let given = [("fields", "created,modified"), ("nick", "default")];
    let user = &top.platform("tmc.user.get", &given).await["tmc_user"];
    assert_eq!(
        (text(user, "created").len(), text(user, "modified").len()),
        (19, 19)
    );
    assert_eq!(topics(&top).await["string"].as_array().unwrap().len(), 5);
    let given = [
        ("fields", "topics"),
        ("nick", "default"),
        ("simplify", "true"),
    ];
    let answer = json_of(top.platform_raw("tmc.user.get", &given).await.unwrap()).await;
    assert_eq!(answer["tmc_user"]["topics"].as_array().unwrap().len(), 5);

    for given in [
        [
            ("fields", "user_id"),
            ("nick", "nobody"),
            ("user_platform", "tbUIC"),
        ],
        [
            ("fields", "user_id"),
            ("nick", "default"),
            ("user_platform", "icbu"),
        ],
    ] {
        let answer = top.platform("tmc.user.get", &given).await;
        assert!(
            answer["code"].is_null() && answer["tmc_user"].is_null(),
            "{answer}"
        );
    }
    let long = "长".repeat(101);
    for (given, code) in [
        (vec![("nick", "default")], 40),
        (vec![("fields", "user_id")], 40),
        (vec![("fields", "user_id"), ("nick", long.as_str())], 41),
        (
            vec![
                ("fields", "user_id"),
                ("nick", "default"),
                ("user_platform", "x"),
            ],
            41,
        ),
    ] {
        assert_eq!(
            top.platform("tmc.user.get", &given).await["code"],
            code,
            "{given:?}"
        );
    }
}

#[tokio::test]
async fn messages_of_topics_that_are_not_permitted_are_not_published() {
    let top = start().await;
    let id = top.booked("P-1").await;
    let mut tmc = Tmc::connect(&top).await;
    let given = [SESSION, ("topics", "alitrip_flight_PayNotification, other")];
    let answer = top.platform("tmc.user.permit", &given).await;
    assert_eq!(answer["is_success"], true);
    assert_eq!(topics(&top).await, json!({"string": [PAYMENT, "other"]}));
    // A rule is kept for the next message that is published.
    top.message_fault(json!({"fault": "drop", "topic": TRADE}))
        .await;
    top.pay(id).await;
    assert_eq!(tmc.take().await.0, PAYMENT);
    assert!(top.publish(TRADE, json!({})).await.is_empty());
    assert_eq!(top.get("messages/faults").await["items"][0]["struck"], 0);

    // Without topics, all are permitted again.
    let answer = top.platform("tmc.user.permit", &[SESSION]).await;
    assert_eq!(answer["is_success"], true);
    assert!(top.publish(TRADE, json!({})).await.is_empty());
    let ids = top.publish(TRADE, json!({})).await;
    assert_eq!(tmc.message().await.id, ids[0]);
}

#[tokio::test]
async fn a_permission_needs_a_valid_session_and_at_most_100_topics() {
    let top = start().await;
    let many = |count: usize| {
        let topics: Vec<_> = (0..count).map(|index| format!("topic-{index}")).collect();
        topics.join(",")
    };
    let (most, more) = (many(100), many(101));
    for (given, code) in [
        (vec![], json!(26)),
        (vec![("session", "x")], json!(27)),
        (vec![SESSION, ("topics", more.as_str())], json!(41)),
        (vec![SESSION, ("topics", most.as_str())], Value::Null),
    ] {
        let answer = top.platform("tmc.user.permit", &given).await;
        assert_eq!(answer["code"], code, "{answer}");
    }
    top.post_control("sessions/expire", &json!({"account": "default"}))
        .await;
    let answer = top.platform("tmc.user.permit", &[SESSION]).await;
    assert_eq!(answer["sub_code"], "session-expired");
}

#[tokio::test]
async fn the_control_api_lists_users_and_sets_their_topics() {
    let top = start().await;
    let set = async |account: &str, body: Value| {
        let path = format!("users/{account}/topics");
        top.put(&path, &body).await
    };
    let row = json_of(set("default", json!({"topics": [TRADE]})).await).await;
    let expected = json!({
        "account": "default", "nick": "default", "user_id": 2_200_000_000_001_i64,
        "group": "default", "topics": [TRADE],
    });
    assert_eq!(row, expected);
    let list = top.get("users").await;
    assert_eq!(list["items"][0], expected);
    assert_eq!(list["items"][1]["account"], "another-user");
    assert!(list["items"][1]["topics"].is_null());
    assert!(top.publish(PAYMENT, json!({})).await.is_empty());
    assert_eq!(top.publish(TRADE, json!({})).await.len(), 1);
    let message = json!({"topic": PAYMENT, "content": {}, "account": "another-user"});
    assert_eq!(top.publish_as(message).await.len(), 1);
    set("default", json!({"topics": []})).await;
    assert_eq!(topics(&top).await, json!({}));
    set("default", json!({"topics": null})).await;
    assert_eq!(top.publish(PAYMENT, json!({})).await.len(), 1);
    assert_eq!(set("nobody", json!({"topics": []})).await.status(), 404);
    assert_eq!(set("default", json!({})).await.status(), 422);
}

#[tokio::test]
async fn the_time_and_the_address_need_no_session() {
    let top = start().await;
    let time = top.platform("time.get", &[]).await;
    assert_eq!(text(&time, "time").len(), 19);
    assert!((now_wire(-1)..=now_wire(1)).contains(&text(&time, "time").to_owned()));
    let address = top.platform("appip.get", &[]).await;
    assert_eq!(address["ip"], "127.0.0.1");
    assert_eq!(
        top.platform("appip.get", &[("app_key", "7")]).await["code"],
        29
    );
}
