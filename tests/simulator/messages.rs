//! The message channel: connections, delivery, leases and confirmations.

use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::clock::ManualClock;
use fliggy_gateway::simulator::{Simulator, SimulatorConfig};
use fliggy_gateway::top::sign::{SignMethod, base_string, sign};
use fliggy_gateway::top::tmc::frame::{Frame, FrameType, Value as Header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message as Ws};

use crate::client::{Top, start, start_on_clock, start_with};
use crate::tmc::{Tmc, connect_frame};

const LEASE: Duration = Duration::from_secs(300);

fn vector(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tmc");
    let text = std::fs::read_to_string(format!("{folder}/{name}.hex")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let digits: String = lines.flat_map(str::split_whitespace).collect();
    hex::decode(digits).unwrap()
}

/// A CONNECT in which headers are replaced; it is signed unless `sign` is among them.
fn changed(top: &Top, changes: &[(&str, Header)]) -> Frame {
    let mut frame = connect_frame(top, "default", None);
    for (name, value) in changes {
        frame = frame.with(name, value.clone());
    }
    if !changes.iter().any(|(name, _)| *name == "sign") {
        let text = |name| frame.get(name).and_then(Header::text).unwrap_or_default();
        let names = ["app_key", "group_name", "timestamp"];
        let signed = names.map(|name| (name, text(name)));
        let base = base_string(signed.iter().map(|(name, value)| (*name, value.as_str())));
        let signature = sign(SignMethod::Md5, &top.secret, &base);
        frame = frame.with("sign", Header::Text(signature));
    }
    frame
}

#[tokio::test]
async fn the_sample_connects_and_a_group_has_one_token() {
    let top = start_with(|config| {
        config.app_secret = SecretString::from("helloworld");
        config.groups = [("nobody".to_owned(), "second".to_owned())].into();
    })
    .await;
    let mut tokens = Vec::new();
    for (sample, path) in [("connect-2016", "/"), ("connect-2021", "/tmc")] {
        let mut tmc = Tmc::open(&top, path).await.unwrap();
        let request = Frame::decode(&vector(sample)).unwrap();
        tmc.send_bytes(vector(sample)).await;
        let response = tmc.frame().await;
        assert_eq!(response.frame_type, FrameType::ConnectAck);
        assert_eq!(response.flag, request.flag);
        tokens.push(response.token.unwrap());
    }
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(tokens[0].len(), 36);
    let mut other = Tmc::open(&top, "/").await.unwrap();
    let mut frame = connect_frame(&top, "second", None);
    frame.flag = None;
    other.send(&frame).await;
    assert_ne!(other.accepted().await, tokens[0]);
}

#[tokio::test]
async fn a_refused_connect_leaves_the_connection_open() {
    let top = start().await;
    let mut tmc = Tmc::open(&top, "/").await.unwrap();
    let text = |text: &str| Header::Text(text.to_owned());
    for (header, value, code, phrase) in [
        ("app_key", Header::Void, 28, "Missing app key"),
        ("app_key", text("7"), 29, "Invalid app Key"),
        ("sign", Header::Void, 24, "Missing signature"),
        ("sign", text("00"), 25, "Invalid signature"),
        ("timestamp", Header::Void, 30, "Missing timestamp"),
        (
            "group_name",
            text("none"),
            41,
            "Invalid arguments:group_name",
        ),
        ("token", text("wrong"), 41, "Invalid arguments:token"),
    ] {
        let frame = changed(&top, &[(header, value)]);
        tmc.send(&frame).await;
        let response = tmc.frame().await;
        assert_eq!(response.frame_type, FrameType::ConnectAck);
        assert_eq!(response.status_code, Some(code), "{header}");
        assert_eq!(response.status_phrase.as_deref(), Some(phrase));
        assert_eq!((response.flag, response.token), (Some(7), None));
    }
    assert_eq!(top.get("messages").await["connections"], 0);
    tmc.send(&connect_frame(&top, "default", None)).await;
    tmc.accepted().await;
    assert_eq!(top.get("messages").await["connections"], 1);
}

#[tokio::test]
async fn a_ping_is_not_answered_and_ignored_frames_do_not_disturb() {
    let top = start().await;
    let mut tmc = Tmc::open(&top, "/").await.unwrap();
    tmc.send_raw(Ws::Ping("".into())).await;
    tmc.send(&connect_frame(&top, "default", None)).await;
    tmc.accepted().await;
    tmc.send_raw(Ws::Ping("x".into())).await;
    tmc.send_raw(Ws::Pong("x".into())).await;
    tmc.send_raw(Ws::text("hello")).await;
    tmc.pull().await;
    let ids = top.publish("topic", json!({"a": 1})).await;
    // `message` fails on any other frame, such as a PONG.
    assert_eq!(tmc.message().await.id, ids[0]);
}

#[tokio::test]
async fn a_message_has_the_documented_headers_and_is_gone_once_confirmed() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    let ids = top.publish("topic", json!({"a": 1})).await;
    let (frame, message) = tmc.delivery().await;
    assert_eq!(frame.token.as_deref(), Some(tmc.token.expose_secret()));
    assert_eq!(frame.get("id"), Some(&Header::Int64(ids[0])));
    assert_eq!(
        frame.get("content"),
        Some(&Header::Text("{\"a\":1}".to_owned()))
    );
    assert_eq!(frame.get("userid"), Some(&Header::Int64(2_200_000_000_001)));
    assert_eq!(frame.get("nick"), Some(&Header::Text("default".to_owned())));
    for date in ["time", "outtime"] {
        assert!(matches!(frame.get(date), Some(Header::Date(ms)) if *ms > 1_700_000_000_000));
    }
    assert!(frame.get("dataid").is_some() && frame.get("publisher").is_some());
    assert_eq!(message.retried, None);
    assert!(ids[0] > 1 << 53);
    let row = top.row_is(ids[0], "leased").await;
    assert_eq!(
        row,
        json!({
            "id": ids[0].to_string(), "topic": "topic", "group": "default", "deliveries": 1,
            "state": "leased", "failure": null,
        })
    );
    tmc.confirm(ids[0]).await;
    top.row_is(ids[0], "confirmed").await;
}

#[tokio::test]
async fn a_message_without_confirmation_comes_again_after_the_lease() {
    let (top, clock) = start_on_clock().await;
    let mut tmc = Tmc::connect(&top).await;
    let ids = top.publish("topic", json!({})).await;
    assert_eq!(tmc.message().await.id, ids[0]);
    for round in 1..3 {
        clock.advance_steady(LEASE);
        let message = tmc.message().await;
        assert_eq!((message.id, message.retried), (ids[0], Some(round)));
    }
    // After a disconnection too, and only after the lease.
    drop(tmc);
    let mut tmc = Tmc::connect(&top).await;
    let other = top.publish("topic", json!({})).await;
    assert_eq!(tmc.message().await.id, other[0]);
    tmc.confirm(other[0]).await;
    top.row_is(other[0], "confirmed").await;
    clock.advance_steady(LEASE);
    assert_eq!(tmc.message().await.retried, Some(3));
}

#[tokio::test]
async fn a_failed_message_comes_again_and_can_still_be_confirmed() {
    let (top, clock) = start_on_clock().await;
    let mut tmc = Tmc::connect(&top).await;
    let ids = top.publish("topic", json!({})).await;
    let id = tmc.message().await.id;
    tmc.fail(id, "db down").await;
    let row = top.row_is(ids[0], "failed").await;
    assert_eq!(row["failure"], "db down");
    clock.advance_steady(LEASE);
    let message = tmc.message().await;
    assert_eq!((message.id, message.retried), (id, Some(1)));
    tmc.fail(id, "again").await;
    top.row_is(id, "failed").await;
    tmc.confirm(id).await;
    let row = top.row_is(id, "confirmed").await;
    assert_eq!(
        (&row["deliveries"], &row["failure"]),
        (&json!(2), &json!("again"))
    );
}

/// Without [`fliggy_gateway::simulator::serve`] no driver ends the lease; the PullRequest alone does.
#[tokio::test]
async fn a_pull_request_delivers_what_waits() {
    let clock = Arc::new(ManualClock::new());
    let simulator = Simulator::new(SimulatorConfig::sandbox(clock.clone()));
    let mut top = start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, simulator.router()).await });
    top.base = base;
    let mut tmc = Tmc::connect(&top).await;
    let ids = top.publish("topic", json!({})).await;
    assert_eq!(tmc.message().await.id, ids[0]);
    clock.advance_steady(LEASE);
    tmc.pull().await;
    assert_eq!(tmc.message().await.retried, Some(1));
}

#[tokio::test]
async fn a_long_content_is_gzip_and_the_peer_has_its_version() {
    let top = start().await;
    let long = json!({"text": "好".repeat(600)});
    let mut tmc = Tmc::connect(&top).await;
    top.publish("topic", long.clone()).await;
    let (frame, message) = tmc.delivery().await;
    assert!(matches!(frame.get("content"), Some(Header::Bytes(_))));
    assert_eq!(
        *message.content.as_ref().unwrap().expose(),
        long.to_string()
    );
    assert_eq!(frame.version, 2);
    drop(tmc);
    let mut old = Tmc::open(&top, "/").await.unwrap();
    let mut connect = connect_frame(&top, "default", None);
    connect.version = 1;
    old.send(&connect).await;
    let response = old.frame().await;
    assert_eq!(response.version, 1);
    top.publish("topic", long.clone()).await;
    let (frame, _) = old.delivery().await;
    assert_eq!(frame.get("content"), Some(&Header::Text(long.to_string())));
    assert_eq!(frame.version, 1);
}

#[tokio::test]
async fn each_message_goes_to_one_connection_of_its_group() {
    let top = start_with(|config| {
        let sessions = [("s2", "second"), ("s3", "third")];
        let sessions = sessions.map(|(a, b)| (a.to_owned(), b.to_owned()));
        config.sessions.extend(sessions);
        config.groups = [("second".to_owned(), "other".to_owned())].into();
        config.user_ids = [("second".to_owned(), 42)].into();
    })
    .await;
    let mut first = Tmc::connect(&top).await;
    let mut second = Tmc::connect(&top).await;
    let mut other = Tmc::connect_to(&top, "other").await;
    let message = |account: &str| json!({"topic": "t", "content": {}, "account": account});
    let mut expected = Vec::new();
    for _ in 0..10 {
        expected.extend(top.publish_as(message("default")).await);
        expected.extend(top.publish_as(message("third")).await);
    }
    let ids = top.publish_as(message("second")).await;
    let received = other.message().await;
    assert_eq!((received.id, received.user_id), (ids[0], Some(42)));
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        tokio::select! {
            message = first.message() => seen.push(message.id),
            message = second.message() => seen.push(message.id),
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, expected);
    // A confirmation counts only in the message's own group.
    other.confirm(expected[0]).await;
    other.confirm(ids[0]).await;
    top.row_is(ids[0], "confirmed").await;
    top.row_is(expected[0], "leased").await;
    let url = format!("{}/_simulator/messages", top.base);
    assert_eq!(top.post(&url, &message("nobody")).await.status(), 422);
}

#[tokio::test]
async fn a_published_message_is_acknowledged() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    let mut frame = Frame::new(FrameType::Send)
        .with("__kind", Header::Byte(3))
        .with("topic", Header::Text("t".to_owned()));
    frame.flag = Some(9);
    frame.token = Some(tmc.token.expose_secret().to_owned());
    for (content, code) in [
        (Header::Void, Some(40)),
        (Header::Text("{}".to_owned()), None),
    ] {
        tmc.send(&frame.clone().with("content", content)).await;
        let response = tmc.frame().await;
        assert_eq!(response.frame_type, FrameType::SendAck);
        assert_eq!((response.flag, response.status_code), (Some(9), code));
        assert_eq!(response.token, frame.token);
    }
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_disconnected() {
    let top = start().await;
    let pull = |token: &str| {
        let mut frame = Frame::new(FrameType::Send).with("__kind", Header::Byte(1));
        frame.token = Some(token.to_owned());
        frame.encode().unwrap()
    };
    let mut early = Tmc::open(&top, "/").await.unwrap();
    early.send_bytes(pull("x")).await;
    early.closed().await;
    for bytes in [
        pull("another"),
        connect_frame(&top, "default", None).encode().unwrap(),
        vec![2, 0xff, 1],
        vec![0; (1 << 20) + 1],
    ] {
        let mut tmc = Tmc::connect(&top).await;
        tmc.send_bytes(bytes).await;
        tmc.closed().await;
    }
    let mut tmc = Tmc::connect(&top).await;
    tmc.send_raw(Ws::Close(None)).await;
    tmc.closed().await;
    let url = format!("{}/", top.base);
    assert_eq!(top.http.post(&url).send().await.unwrap().status(), 403);
    assert_eq!(top.http.get(&url).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_closed_channel_refuses_until_it_is_opened() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    top.channel("closed").await;
    tmc.closed().await;
    let list = top.get("messages").await;
    assert_eq!(list["channel"], "closed");
    let refused = Tmc::open(&top, "/").await.err().unwrap();
    assert!(matches!(refused, Error::Http(response) if response.status() == 503));
    let ids = top.publish("topic", json!({})).await;
    top.channel("open").await;
    let mut tmc = Tmc::connect(&top).await;
    assert_eq!(tmc.message().await.id, ids[0]);
}

#[tokio::test]
async fn a_reset_forgets_messages_rules_and_connections() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    top.publish("topic", json!({})).await;
    top.message_fault(json!({"fault": "drop", "times": null}))
        .await;
    let reset = format!("{}/_simulator/reset", top.base);
    top.post(&reset, &json!({})).await;
    tmc.closed().await;
    assert_eq!(top.get("messages/faults").await["items"], json!([]));
    assert_eq!(
        top.get("messages").await,
        json!({"items": [], "channel": "open", "connections": 0})
    );
    let mut tmc = Tmc::connect(&top).await;
    let ids = top.publish("topic", json!({})).await;
    assert_eq!(tmc.message().await.id, ids[0]);
}

#[tokio::test]
async fn the_end_of_the_simulator_closes_connections() {
    let top = start().await;
    let mut connected = Tmc::connect(&top).await;
    let mut silent = Tmc::open(&top, "/").await.unwrap();
    drop(top);
    connected.closed().await;
    silent.closed().await;
}
