//! The OAuth pages: `/authorize` and `/token`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::client::{json_of, start, start_on_clock, start_with};
use crate::platform::{CALLBACK, location, query, text};

const VALID: [(&str, &str); 3] = [
    ("response_type", "code"),
    ("client_id", "12345678"),
    ("redirect_uri", CALLBACK),
];

/// The valid request with changes; an empty value removes a parameter.
fn asked<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = VALID.to_vec();
    all.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    all.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    all
}

#[tokio::test]
async fn the_page_offers_the_users_and_escapes_what_it_shows() {
    let top = start_with(|config| {
        let sessions = &mut config.sessions;
        sessions.insert("s2".to_owned(), "<b>&\"second'".to_owned());
    })
    .await;
    let hostile = "\"><script>alert(1)</script>";
    let form = asked(&[("state", hostile), ("view", "web")]);
    let url = format!("{}/authorize", top.base);
    let url = reqwest::Url::parse_with_params(&url, &form).unwrap();
    let response = top.http.get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
    assert_eq!(headers["cache-control"], "no-store");
    let page = response.text().await.unwrap();
    for part in [
        "<span id=\"app\">12345678</span>",
        "<strong id=\"target\">app.example</strong>",
        "name=\"state\" value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\"",
        "name=\"redirect_uri\" value=\"http://app.example/callback\"",
        "<select id=\"user\" name=\"user\">",
        "<option value=\"default\">default (2200000000002)</option>",
        "<option value=\"&lt;b&gt;&amp;&quot;second&#39;\">",
        "<option value=\"another-user\">另一位用户 (2209999999999)</option>",
        "name=\"decision\" value=\"authorise\"",
        "name=\"decision\" value=\"refuse\"",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn an_invalid_request_gets_an_error_page_and_no_redirect() {
    let top = start().await;
    let invalid = [
        ("client_id", "7"),
        ("client_id", ""),
        ("response_type", "token"),
        ("response_type", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "/callback"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", "ftp://app.example/"),
        ("redirect_uri", "http://"),
    ];
    for change in invalid {
        let url = format!("{}/authorize", top.base);
        let shown = reqwest::Url::parse_with_params(&url, &asked(&[change])).unwrap();
        let shown = top.http.get(shown).send().await.unwrap();
        let form = [change, ("user", "default"), ("decision", "authorise")];
        let sent = top.decide(&asked(&form)).await;
        for response in [shown, sent] {
            assert_eq!(response.status(), 400, "{change:?}");
            assert!(response.headers().get("location").is_none());
            assert!(response.text().await.unwrap().contains("id=\"error\""));
        }
    }
    for form in [
        [("user", "nobody"), ("decision", "authorise")],
        [("user", ""), ("decision", "authorise")],
        [("user", "default"), ("decision", "later")],
    ] {
        assert_eq!(top.decide(&asked(&form)).await.status(), 400, "{form:?}");
    }
}

#[tokio::test]
async fn an_authorisation_leads_to_a_session_of_the_chosen_user() {
    let top = start().await;
    let uri = "https://app.example/callback?tenant=a%20b";
    let form = [
        ("redirect_uri", uri),
        ("state", "s&1=ü"),
        ("user", "default"),
        ("decision", "authorise"),
    ];
    let response = top.decide(&asked(&form)).await;
    assert_eq!(response.status(), 302);
    let target = location(&response);
    assert!(
        target.as_str().starts_with(&format!("{uri}&code=")),
        "{target}"
    );
    assert_eq!(query(&target, "state").as_deref(), Some("s&1=ü"));
    let code = query(&target, "code").unwrap();
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", uri),
    ];
    let response = top.token(&grant).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer = json_of(response).await;
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["taobao_user_id"], "2200000000001");
    assert_eq!(answer["taobao_user_nick"], "default");
    assert_eq!(answer["expires_in"], 7_776_000);
    let session = text(&answer, "access_token");
    assert_eq!(top.lookup_with(session).await["is_success"], true);
    let again = top.token(&grant).await;
    assert_eq!(again.status(), 400);
    assert_eq!(
        json_of(again).await,
        json!({"error": "invalid_grant", "error_description": "authorize code expire"})
    );
    let list = top.get("sessions").await;
    assert_eq!(list["items"][1]["session"], session);
    assert_eq!(list["items"][1]["account"], "default");
}

#[tokio::test]
async fn a_refusal_leads_back_with_an_error() {
    let top = start().await;
    let form = [("state", "s1"), ("user", "default"), ("decision", "refuse")];
    let response = top.decide(&asked(&form)).await;
    assert_eq!(response.status(), 302);
    let target = location(&response);
    assert_eq!(
        target.as_str(),
        format!("{CALLBACK}?error=access_denied&error_description=authorize+reject&state=s1")
    );
    assert_eq!(query(&target, "code"), None);
}

#[tokio::test]
async fn a_refused_exchange_does_not_use_up_the_code() {
    let top = start().await;
    let code = top.code("another-user").await;
    let grant = |change: (&'static str, &'static str)| {
        let mut all = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        all.retain(|(name, _)| *name != change.0);
        all.extend(Some(change).filter(|(_, value)| !value.is_empty()));
        all
    };
    for (change, error, description) in [
        (
            ("client_id", "7"),
            "invalid_client",
            "client_id is invalidate",
        ),
        (
            ("client_secret", "x"),
            "invalid_client",
            "client_secret is invalidate",
        ),
        (
            ("redirect_uri", "http://app.example/other"),
            "invalid_grant",
            "redirect_uri is invalidate",
        ),
        (
            ("redirect_uri", ""),
            "invalid_request",
            "redirect_uri is required",
        ),
        (
            ("grant_type", ""),
            "invalid_request",
            "grant_type is required",
        ),
        (
            ("grant_type", "password"),
            "unsupported_grant_type",
            "grant_type is invalidate",
        ),
        (("code", "x"), "invalid_grant", "authorize code expire"),
        (
            ("grant_type", "refresh_token"),
            "invalid_request",
            "refresh_token is required",
        ),
    ] {
        let response = top.token(&grant(change)).await;
        assert_eq!(response.status(), 400, "{change:?}");
        let answer = json_of(response).await;
        assert_eq!(
            (text(&answer, "error"), text(&answer, "error_description")),
            (error, description)
        );
    }
    let answer = json_of(top.token(&grant(("view", "web"))).await).await;
    assert_eq!(answer["taobao_user_id"], "2209999999999");
    // The user has no purchasing account, so it has no orders either.
    let session = text(&answer, "access_token");
    assert_eq!(
        top.lookup_with(session).await["error_code_info"],
        "isv.ORDER_NOT_EXIST"
    );
}

#[tokio::test]
async fn a_code_expires_after_half_an_hour() {
    let (top, clock) = start_on_clock().await;
    let (early, late) = (top.code("default").await, top.code("default").await);
    let redeem = async |code: &str| -> Value {
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ];
        json_of(top.token(&grant).await).await
    };
    clock.jump_wall(SignedDuration::from_mins(29));
    assert!(redeem(&early).await["access_token"].is_string());
    clock.jump_wall(SignedDuration::from_mins(1));
    assert_eq!(
        redeem(&late).await["error_description"],
        "authorize code expire"
    );
}
