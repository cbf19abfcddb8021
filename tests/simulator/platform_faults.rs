//! Faults of the platform's methods, and the record of their calls.

use serde_json::{Value, json};

use crate::client::{Top, json_of, start};
use crate::platform::{CALLBACK, text};

const CREATE: &str = "top.auth.token.create";

/// Creates a token under a fault. Returns the status and body, if there was a response, and whether the code still
/// works and how many sessions there were then.
async fn create(top: &Top, fault: Value) -> (Option<(u16, String)>, bool, usize) {
    let code = top.code("default").await;
    top.fault(fault).await;
    let before = sessions(top).await;
    let response = match top.platform_raw(CREATE, &[("code", &code)]).await {
        Ok(response) => {
            let status = response.status().as_u16();
            response.text().await.ok().map(|body| (status, body))
        }
        Err(_) => None,
    };
    let added = sessions(top).await - before;
    let again = top.platform(CREATE, &[("code", &code)]).await;
    (response, again.get("token_result").is_some(), added)
}

async fn sessions(top: &Top) -> usize {
    top.get("sessions").await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_fault_shows_whether_the_code_was_used() {
    let top = start().await;
    // Name, whether there is an effect, and a part of the response; none if there is no response.
    for (fault, effect, expected) in [
        ("hang_then_succeed", true, None),
        ("hang_then_nothing", false, None),
        ("reset_after", true, None),
        ("reset_before", false, None),
        ("cut_body", true, None),
        (
            "timeout_done",
            true,
            Some((200, "isp.top-remote-connection-timeout")),
        ),
        (
            "timeout_nothing",
            false,
            Some((200, "isp.top-remote-connection-timeout")),
        ),
        (
            "business_timeout_done",
            true,
            Some((200, "isp.top-remote-connection-timeout")),
        ),
        (
            "business_timeout_nothing",
            false,
            Some((200, "isp.top-remote-connection-timeout")),
        ),
        (
            "error_after_success",
            true,
            Some((200, "isp.unknown-error")),
        ),
        (
            "system_error_nothing",
            false,
            Some((200, "isp.unknown-error")),
        ),
        ("app_call_limited", false, Some((200, "\"code\":7"))),
        ("clock_skew", false, Some((200, "\"code\":31"))),
        ("invalid_session", false, Some((200, "\"code\":27"))),
        ("ip_not_allowed", false, Some((200, "\"code\":11"))),
        ("refuse", false, Some((200, "isv.invalid-permission"))),
        ("html_502", true, Some((502, "<html>"))),
        ("html_502_nothing", false, Some((502, "<html>"))),
        ("late_visibility", true, Some((502, "<html>"))),
        ("http_500_empty", false, Some((500, ""))),
        ("redirect_307", false, Some((307, ""))),
        ("empty_200", true, Some((200, ""))),
        (
            "cut_json",
            true,
            Some((200, "{\"top_auth_token_create_response\"")),
        ),
        (
            "deep_json",
            true,
            Some((200, "{\"top_auth_token_create_response\":{\"a\"")),
        ),
        ("success_without_effect", false, Some((200, "access_token"))),
        // Without a meaning for this method: the usual response.
        ("price_jump", true, Some((200, "access_token"))),
    ] {
        let rule = json!({"method": "token_create", "fault": fault});
        let (response, reusable, added) = create(&top, rule).await;
        match (&response, expected) {
            (Some((status, body)), Some((expected, part))) => {
                assert_eq!(*status, expected, "{fault}");
                assert_eq!(body.is_empty(), part.is_empty(), "{fault} {body}");
                assert!(body.contains(part), "{fault} {body}");
            }
            (None, None) => {}
            _ => panic!("{fault} {response:?}"),
        }
        assert_eq!((reusable, added == 1), (!effect, effect), "{fault}");
    }
    let rule = json!({
        "method": "token_create", "fault": "refuse", "code": "isv.mine", "text": "自定义",
    });
    let (response, ..) = create(&top, rule).await;
    let body = response.unwrap().1;
    assert!(body.contains("\"code\":15") && body.contains("isv.mine") && body.contains("自定义"));
}

#[tokio::test]
async fn the_other_methods_and_the_token_page_have_faults_too() {
    let top = start().await;
    let session = ("session", "sandbox-session");
    for (method, name, given) in [
        (
            "top.auth.token.refresh",
            "token_refresh",
            vec![("refresh_token", "x")],
        ),
        ("tmc.user.permit", "user_permit", vec![session]),
        (
            "tmc.user.get",
            "user_get",
            vec![("fields", "user_id"), ("nick", "default")],
        ),
        ("time.get", "time_get", vec![]),
        ("appip.get", "appip_get", vec![]),
    ] {
        top.fault(json!({"method": name, "fault": "timeout_nothing"}))
            .await;
        assert_eq!(top.platform(method, &given).await["code"], 15, "{name}");
        assert_ne!(top.platform(method, &given).await["code"], 15, "{name}");
    }
    // A permission whose response is lost has its effect.
    top.fault(json!({"method": "user_permit", "fault": "reset_after"}))
        .await;
    let given = [session, ("topics", "a")];
    assert!(top.platform_raw("tmc.user.permit", &given).await.is_err());
    assert_eq!(top.get("users").await["items"][0]["topics"], json!(["a"]));
    top.fault(json!({"method": "user_permit", "fault": "success_without_effect"}))
        .await;
    let answer = top.platform("tmc.user.permit", &[session]).await;
    assert_eq!(answer["is_success"], true);
    assert_eq!(top.get("users").await["items"][0]["topics"], json!(["a"]));

    let code = top.code("default").await;
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
    ];
    top.fault(json!({"method": "oauth_token", "fault": "html_502_nothing"}))
        .await;
    assert_eq!(top.token(&grant).await.status(), 502);
    top.fault(json!({"method": "oauth_token", "fault": "timeout_done"}))
        .await;
    let response = top.token(&grant).await;
    assert_eq!(response.status(), 400);
    assert_eq!(
        json_of(response).await,
        json!({"error": "server_error", "error_description": "远程调用服务超时"})
    );
    let used = json_of(top.token(&grant).await).await;
    assert_eq!(used["error_description"], "authorize code expire");
}

#[tokio::test]
async fn calls_are_recorded_without_secrets() {
    let top = start().await;
    let code = top.code("default").await;
    let answer = top.platform(CREATE, &[("code", &code)]).await;
    let token: Value = serde_json::from_str(text(&answer, "token_result")).unwrap();
    top.platform(CREATE, &[("code", &code)]).await;
    top.platform(CREATE, &[("code", "x"), ("app_key", "7")])
        .await;
    let session = text(&token, "access_token");
    let refresh = text(&token, "refresh_token");
    top.platform("top.auth.token.refresh", &[("refresh_token", refresh)])
        .await;
    top.platform("tmc.user.permit", &[("session", session)])
        .await;
    top.platform("time.get", &[]).await;
    top.token(&[("client_secret", "wrong")]).await;
    let calls = top.get("calls").await;
    let rows: Vec<_> = calls["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                text(row, "method"),
                text(row, "outcome"),
                row["effect"] == true,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("token_create", "ok", true),
            ("token_create", "error 41", false),
            ("token_create", "error 29", false),
            ("token_refresh", "error 41", false),
            ("user_permit", "ok", true),
            ("time_get", "ok", false),
            ("oauth_token", "error invalid_client", false),
        ]
    );
    assert_eq!(
        calls["counts"]["token_create"],
        json!({"received": 3, "effects": 1})
    );
    let one = top.get("calls?method=user_permit").await;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let shown = calls.to_string();
    for secret in [code.as_str(), session, refresh, "sandbox-session"] {
        assert!(!shown.contains(secret));
    }
}
