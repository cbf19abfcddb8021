//! `taobao.top.auth.token.create` and `.refresh`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{Top, json_of, start, start_on_clock, start_on_clock_with, start_with};
use crate::platform::text;

async fn refresh(top: &Top, token: &str) -> Value {
    let method = "top.auth.token.refresh";
    let answer = top.platform(method, &[("refresh_token", token)]).await;
    match answer["token_result"].as_str() {
        Some(result) => serde_json::from_str(result).unwrap(),
        None => answer,
    }
}

fn assert_invalid(answer: &Value, name: &str) {
    assert_eq!(answer["code"], 41, "{answer}");
    assert_eq!(answer["sub_code"], format!("isv.invalid-parameter:{name}"));
}

#[tokio::test]
async fn a_code_is_exchanged_once_for_the_documented_fields() {
    let (top, clock) = start_on_clock().await;
    let method = "top.auth.token.create";
    let code = top.code("another-user").await;
    let now = fliggy_gateway::clock::Clock::wall(&*clock).as_millisecond();
    let answer = top.platform(method, &[("code", &code)]).await;
    let mut token: Value = serde_json::from_str(text(&answer, "token_result")).unwrap();
    let mut take = |name: &str| token.as_object_mut().unwrap().remove(name).unwrap();
    let ends_at = take("expire_time").as_i64().unwrap();
    assert!((ends_at - now - 7_776_000_000).abs() < 60_000, "{ends_at}");
    for level in ["r1", "r2", "w1", "w2"] {
        assert_eq!(take(&format!("{level}_valid")), ends_at);
        assert_eq!(take(&format!("{level}_expires_in")), 7_776_000);
    }
    assert!((take("refresh_token_valid_time").as_i64().unwrap() - now).abs() < 60_000);
    let session = take("access_token");
    assert!(take("refresh_token").is_string());
    assert_eq!(
        token,
        json!({
            "token_type": "Bearer", "expires_in": 7_776_000, "re_expires_in": 0,
            "hra_expires_in": "7776000", "taobao_user_id": "2209999999999",
            "taobao_user_nick": "%E5%8F%A6%E4%B8%80%E4%BD%8D%E7%94%A8%E6%88%B7",
        })
    );
    let answer = top.lookup_with(session.as_str().unwrap()).await;
    assert_eq!(answer["is_success"], false, "{answer}");

    assert_invalid(&top.platform(method, &[("code", &code)]).await, "code");
    assert_invalid(&top.platform(method, &[("code", "x")]).await, "code");
    let missing = top.platform(method, &[]).await;
    assert_eq!(missing["sub_code"], "isv.missing-parameter:code");
    let unsigned = top
        .platform(method, &[("code", "x"), ("app_key", "7")])
        .await;
    assert_eq!(unsigned["code"], 29);

    let late = top.code("default").await;
    clock.jump_wall(SignedDuration::from_mins(30));
    let params = top.platform_params(method, &[("code", &late)], 30);
    let answer = json_of(top.send(&params).await.unwrap()).await;
    assert_invalid(&answer["error_response"], "code");
}

#[tokio::test]
async fn a_refresh_replaces_the_refresh_token_and_leaves_the_session_valid() {
    let top = start_with(|config| config.oauth.refresh_expires_in = 300).await;
    let first = top.token_of("default").await;
    assert_eq!(first["re_expires_in"], 300);
    let second = refresh(&top, text(&first, "refresh_token")).await;
    for token in [&first, &second] {
        let session = text(token, "access_token");
        assert_eq!(top.lookup_with(session).await["is_success"], true);
    }
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let again = refresh(&top, text(&first, "refresh_token")).await;
    assert_invalid(&again, "refresh_token");

    // An expired session can be refreshed, a revoked one cannot.
    let expired = json!({"session": second["access_token"]});
    top.post_control("sessions/expire", &expired).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&second, "refresh_token")),
    ];
    let third = json_of(top.token(&form).await).await;
    let session = text(&third, "access_token");
    assert_eq!(top.lookup_with(session).await["is_success"], true);
    top.post_control("sessions/revoke", &json!({"account": "default"}))
        .await;
    let revoked = refresh(&top, text(&third, "refresh_token")).await;
    assert_invalid(&revoked, "refresh_token");
}

#[tokio::test]
async fn a_refresh_token_expires_and_is_useless_by_default() {
    let (top, clock) = start_on_clock_with(|config| config.oauth.refresh_expires_in = 300).await;
    let token = top.token_of("default").await;
    clock.jump_wall(SignedDuration::from_secs(300));
    let late = refresh(&top, text(&token, "refresh_token")).await;
    assert_invalid(&late, "refresh_token");

    let top = start().await;
    let token = top.token_of("default").await;
    assert_eq!(token["re_expires_in"], 0);
    let refused = refresh(&top, text(&token, "refresh_token")).await;
    assert_invalid(&refused, "refresh_token");
}

#[tokio::test]
async fn the_settings_decide_about_lives_and_about_what_an_answer_states() {
    let (top, clock) = start_on_clock().await;
    let hidden = json!({"expires_in": 300, "states_expiry": false});
    let settings = json_of(top.put("oauth", &hidden).await).await;
    assert_eq!(
        settings,
        json!({
            "expires_in": 300, "refresh_expires_in": 0, "absolute_times": true,
            "states_expiry": false,
        })
    );
    assert_eq!(top.get("oauth").await, settings);
    let token = top.token_of("default").await;
    assert!(token.get("expires_in").is_none() && token.get("expire_time").is_none());
    assert!(token["refresh_token_valid_time"].is_number());
    clock.jump_wall(SignedDuration::from_secs(300));
    let session = text(&token, "access_token");
    assert_eq!(
        top.lookup_with(session).await["sub_code"],
        "session-expired"
    );

    let relative = json!({"absolute_times": false});
    assert_eq!(top.put("oauth", &relative).await.status(), 200);
    let token = top.token_of("default").await;
    assert_eq!(token["expires_in"], 7_776_000);
    for name in ["expire_time", "refresh_token_valid_time", "r1_valid"] {
        assert!(token.get(name).is_none(), "{name}");
    }
    top.post_control("reset", &json!({})).await;
    assert_eq!(top.get("oauth").await["absolute_times"], true);
}
