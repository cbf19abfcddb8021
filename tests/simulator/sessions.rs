//! Sessions that expire, are revoked and are added while the simulator runs.

use fliggy_gateway::clock::SystemClock;
use fliggy_gateway::simulator::{Simulator, SimulatorConfig};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::{Top, json_of, start, start_on_clock};
use crate::platform::text;
use crate::tmc::Tmc;

const OWN: &str = "sandbox-session";

async fn states(top: &Top) -> Vec<(String, String)> {
    let list = top.get("sessions").await;
    let rows = list["items"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            text(row, "session").to_owned(),
            text(row, "state").to_owned(),
        )
    })
    .collect()
}

fn assert_refused(answer: &Value, sub_code: &str) {
    assert_eq!(
        (&answer["code"], &answer["msg"]),
        (&json!(27), &json!("Invalid session"))
    );
    assert_eq!(answer["sub_code"], sub_code);
}

#[tokio::test]
async fn an_account_is_expired_and_a_session_is_revoked() {
    let top = start().await;
    let list = top.get("sessions").await;
    assert_eq!(
        list["items"],
        json!([{
            "account": "default", "user_id": 2_200_000_000_001_i64, "session": OWN,
            "expires_at": null, "state": "valid",
        }])
    );
    assert_eq!(top.lookup_with(OWN).await["is_success"], true);

    let account = json!({"account": "default"});
    let changed = json_of(top.post_control("sessions/expire", &account).await).await;
    assert_eq!(changed["items"][0]["state"], "expired");
    assert_refused(&top.lookup_with(OWN).await, "session-expired");

    let new = json!({"account": "default", "session": "second"});
    let added = top.post_control("sessions", &new).await;
    assert_eq!(added.status(), 201);
    assert_eq!(json_of(added).await["session"], "second");
    assert_eq!(top.lookup_with("second").await["is_success"], true);
    let second = json!({"session": "second"});
    let changed = top.post_control("sessions/revoke", &second).await;
    assert_eq!(changed.status(), 200);
    assert_refused(&top.lookup_with("second").await, "invalid-sessionkey");
    assert_refused(&top.lookup_with("third").await, "invalid-sessionkey");
    let row = |session: &str, state: &str| (session.to_owned(), state.to_owned());
    assert_eq!(
        states(&top).await,
        [row(OWN, "expired"), row("second", "revoked")]
    );

    top.post_control("reset", &json!({})).await;
    assert_eq!(states(&top).await, [row(OWN, "valid")]);
    assert_eq!(top.lookup_with(OWN).await["is_success"], true);
}

#[tokio::test]
async fn an_added_session_expires_by_the_wall_clock() {
    let (top, clock) = start_on_clock().await;
    let new = json!({"account": "default", "expires_in": 300});
    let added = json_of(top.post_control("sessions", &new).await).await;
    let session = text(&added, "session");
    assert!(added["expires_at"].is_string());
    clock.jump_wall(SignedDuration::from_secs(240));
    assert_eq!(top.lookup_with(session).await["is_success"], true);
    clock.jump_wall(SignedDuration::from_secs(60));
    assert_refused(&top.lookup_with(session).await, "session-expired");
    assert_eq!(top.lookup_with(OWN).await["is_success"], true);
}

#[tokio::test]
async fn malformed_changes_of_sessions_are_refused() {
    let top = start().await;
    for (path, body, status) in [
        ("sessions", json!({"account": "nobody"}), 422),
        (
            "sessions",
            json!({"account": "default", "session": " "}),
            422,
        ),
        (
            "sessions",
            json!({"account": "default", "expires_in": -1}),
            422,
        ),
        (
            "sessions",
            json!({"account": "default", "session": OWN}),
            409,
        ),
        ("sessions/expire", json!({}), 422),
        (
            "sessions/expire",
            json!({"account": "default", "session": OWN}),
            422,
        ),
        ("sessions/expire", json!({"account": "nobody"}), 404),
        ("sessions/revoke", json!({"session": "nothing"}), 404),
    ] {
        let response = top.post_control(path, &body).await;
        assert_eq!(response.status(), status, "{path} {body}");
    }
    for body in [json!({"expires_in": "1"}), json!({"colour": "blue"})] {
        assert_eq!(top.put("oauth", &body).await.status(), 422);
    }
}

#[tokio::test]
async fn messages_come_although_the_account_has_no_valid_session() {
    let top = start().await;
    let id = top.booked("M-1").await;
    let mut tmc = Tmc::connect(&top).await;
    for change in ["expire", "revoke"] {
        let path = format!("sessions/{change}");
        top.post_control(&path, &json!({"account": "default"}))
            .await;
        let ids = top.publish("topic", json!({})).await;
        let message = tmc.message().await;
        assert_eq!(
            (message.id, message.user_id),
            (ids[0], Some(2_200_000_000_001))
        );
        tmc.confirm(message.id).await;
    }
    let path = format!("orders/{id}/advance");
    top.post_control(&path, &json!({"to": "closed"})).await;
    assert_eq!(tmc.take().await.0, "alitrip_flight_TradeNotify");
}

#[tokio::test]
async fn the_sessions_of_a_simulator_in_the_same_process_change_without_http() {
    let simulator = Simulator::new(SimulatorConfig::sandbox(SystemClock::shared()));
    let mut top = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    top.base = format!("http://{}", listener.local_addr().unwrap());
    let router = simulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await });

    assert!(simulator.add_session("nobody", None).is_none());
    let second = simulator.add_session("default", Some(60)).unwrap();
    let second = second.expose_secret();
    assert_eq!(top.lookup_with(second).await["is_success"], true);
    assert_eq!(simulator.expire_sessions("default"), 2);
    assert_refused(&top.lookup_with(second).await, "session-expired");
    assert_eq!(simulator.revoke_sessions("default"), 2);
    assert_refused(&top.lookup_with(second).await, "invalid-sessionkey");
    assert_eq!(simulator.expire_sessions("nobody"), 0);
    assert!(!format!("{simulator:?}").contains(second));
}
