//! The message service over HTTP.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::client::{Top, start, start_on_clock};
use crate::tmc::{Tmc, connect_frame};

/// Calls a method of the message service without a session.
async fn call(top: &Top, method: &str, params: &[(&str, &str)]) -> Value {
    let mut all = top.params("pay", "x", &Value::Null);
    all.remove("session");
    all.remove("x");
    all.insert("method".to_owned(), format!("taobao.tmc.{method}"));
    let given = params.iter();
    all.extend(given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let response = top.send(&top.signed(all)).await.unwrap();
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn consume(top: &Top) -> Value {
    let body = call(top, "messages.consume", &[("quantity", "10")]).await;
    body["tmc_messages_consume_response"]["messages"].clone()
}

#[tokio::test]
async fn messages_are_consumed_confirmed_and_leased_over_http() {
    let (top, clock) = start_on_clock().await;
    top.channel("closed").await;
    assert_eq!(consume(&top).await, json!({}));
    let mut ids = Vec::new();
    for index in 0..12 {
        ids.extend(top.publish("topic", json!({"a": index})).await);
    }
    let first = consume(&top).await;
    let items = first["tmc_message"].as_array().unwrap();
    assert_eq!(items.len(), 10);
    let mut item = items[0].clone();
    let at = item.as_object_mut().unwrap().remove("pub_time").unwrap();
    assert_eq!(at.as_str().unwrap().len(), 19);
    assert_eq!(
        item,
        json!({
            "id": ids[0], "topic": "topic", "content": "{\"a\":0}", "pub_app_key": "12499723",
            "user_id": 2_200_000_000_001_i64, "user_nick": "default",
        })
    );
    assert_eq!(
        consume(&top).await["tmc_message"].as_array().unwrap().len(),
        2
    );
    assert_eq!(consume(&top).await, json!({}));
    let confirmed: Vec<String> = ids[1..].iter().map(ToString::to_string).collect();
    let given = [
        ("s_message_ids", confirmed.join(",")),
        ("group_name", "default".to_owned()),
    ];
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let body = call(&top, "messages.confirm", &given).await;
    let root = &body["tmc_messages_confirm_response"];
    assert_eq!(root["is_success"], true);
    assert!(root["request_id"].is_string());
    clock.advance_steady(Duration::from_secs(300));
    let again = consume(&top).await;
    assert_eq!(again["tmc_message"].as_array().unwrap().len(), 1);
    assert_eq!(again["tmc_message"][0]["id"], ids[0]);
    assert_eq!(top.row_is(ids[0], "leased").await["deliveries"], 2);
}

#[tokio::test]
async fn malformed_arguments_and_unknown_groups_are_errors() {
    let top = start().await;
    let many = vec!["1"; 201].join(",");
    for (method, params, code, name) in [
        (
            "messages.consume",
            vec![("group_name", "none")],
            41,
            "group_name",
        ),
        ("messages.consume", vec![("quantity", "9")], 41, "quantity"),
        (
            "messages.consume",
            vec![("quantity", "201")],
            41,
            "quantity",
        ),
        (
            "messages.consume",
            vec![("quantity", "ten")],
            41,
            "quantity",
        ),
        ("messages.confirm", vec![], 40, "s_message_ids"),
        (
            "messages.confirm",
            vec![("s_message_ids", "1,x")],
            41,
            "s_message_ids",
        ),
        (
            "messages.confirm",
            vec![("s_message_ids", &many)],
            41,
            "s_message_ids",
        ),
        (
            "messages.confirm",
            vec![("group_name", "none"), ("s_message_ids", "1")],
            41,
            "group_name",
        ),
        ("auth.get", vec![("group", "none")], 41, "group"),
        ("messages.consume", vec![("format", "xml")], 23, ""),
        ("messages.consume", vec![("app_key", "7")], 29, ""),
        ("user.permit", vec![], 26, ""),
        ("user.cancel", vec![], 22, ""),
    ] {
        let body = call(&top, method, &params).await;
        let error = &body["error_response"];
        assert_eq!(error["code"], code, "{method} {params:?} {body}");
        let sub = error["sub_code"].as_str().unwrap_or_default();
        assert!(sub.ends_with(name), "{sub}");
    }
}

#[tokio::test]
async fn the_token_of_a_group_is_accepted_in_a_connect() {
    let top = start().await;
    let body = call(&top, "auth.get", &[("group", "default")]).await;
    let root = &body["tmc_auth_get_response"];
    assert!(root["request_id"].is_string());
    let token = SecretString::from(root["result"].as_str().unwrap());
    let mut tmc = Tmc::open(&top, "/").await.unwrap();
    tmc.send(&connect_frame(&top, "default", Some(&token)))
        .await;
    tmc.accepted().await;
}

#[tokio::test]
async fn simplify_returns_a_plain_list() {
    let top = start().await;
    top.publish("topic", json!("text")).await;
    let body = call(&top, "messages.consume", &[("simplify", "true")]).await;
    assert_eq!(body["messages"][0]["content"], "text");
    assert!(body["request_id"].is_string());
}
