//! The client of TOP on the wire: what it sends, and what it concludes from the response.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::clock::SystemClock;
use fliggy_gateway::domain::ids::{AccountName, HashKey, OrderId};
use fliggy_gateway::domain::vocabulary::Vocabulary;
use fliggy_gateway::top::call::{Call, CallError, Delivery, FilePart, Lane, Received};
use fliggy_gateway::top::client::{Reply, TopClient};
use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use fliggy_gateway::top::departure::Departure;
use fliggy_gateway::top::method::{Effect, Method};
use fliggy_gateway::top::sessions::{Session, Sessions};
use fliggy_gateway::top::sign::{SignMethod, base_string, sign};
use fliggy_gateway::top::stack::{
    self, Gate, Parts, QuotaSettings, RetrySettings, SigningKeys, Stack, Transport,
    TransportSettings,
};
use fliggy_gateway::top::wire;
use fliggy_gateway::translate;
use secrecy::SecretString;
use tower::ServiceExt;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const OK: &str = r#"{"x_response":{"is_success":true}}"#;

const RETRY: RetrySettings = RetrySettings {
    attempts: 3,
    base: Duration::from_millis(5),
    max: Duration::from_millis(10),
};

fn settings(endpoint: &str, max_answer: usize) -> TransportSettings {
    TransportSettings {
        endpoint: endpoint.parse().unwrap(),
        connect_timeout: Duration::from_millis(300),
        proxy: None,
        max_answer,
    }
}

fn stacks(endpoint: &str, max_answer: usize) -> (Stack, Stack) {
    let (parts, settings) = (parts(), settings(endpoint, max_answer));
    (
        stack::read(&parts, RETRY, Transport::for_reads(&settings).unwrap()),
        stack::write(&parts, Transport::for_writes(&settings).unwrap()),
    )
}

fn parts() -> Parts {
    let clock = SystemClock::shared();
    let many = NonZeroU32::new(1000).unwrap();
    let quota = QuotaSettings {
        per_second: many,
        burst: many,
        looks_per_second: many,
        max_concurrent: 100,
        max_wait: Duration::from_secs(1),
    };
    Parts {
        keys: Arc::new(SigningKeys {
            app_key: "12345678".into(),
            app_secret: SecretString::from("helloworld"),
            method: SignMethod::HmacSha256,
        }),
        clock: clock.clone(),
        deadline: Duration::from_millis(500),
        gate: Arc::new(Gate::new(&quota, clock)),
    }
}

fn call(effect: Effect) -> Call {
    Call {
        method: "x".into(),
        effect,
        lane: Lane::Caller,
        session: Some(SecretString::from("session-1")),
        params: [
            ("order".to_owned(), r#"{"name":"测试 A+B&=/"}"#.to_owned()),
            ("blank".to_owned(), "  ".to_owned()),
        ]
        .into(),
        file: None,
        departure: None,
    }
}

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn received(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

fn delivery(ended: Result<Received, CallError>) -> Delivery {
    match ended {
        Ok(_) => Delivery::Answered,
        Err(error) => error.delivery(),
    }
}

#[tokio::test]
async fn all_parameters_are_in_the_signed_body_and_none_in_the_url() {
    let server = server(ResponseTemplate::new(200).set_body_string(OK)).await;
    let (_, write) = stacks(&server.uri(), 1000);
    assert!(write.oneshot(call(Effect::Write)).await.is_ok());
    let requests = received(&server).await;
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(request.url.query(), None);
    let form: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
    let value = |name: &str| {
        form.iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(value("session"), Some("session-1"));
    assert_eq!(value("order"), Some(r#"{"name":"测试 A+B&=/"}"#));
    assert_eq!(
        value("blank"),
        None,
        "an empty value would break the signature"
    );
    let secret = SecretString::from("helloworld");
    let base = base_string(form.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    let expected = sign(SignMethod::HmacSha256, &secret, &base);
    assert_eq!(value("sign"), Some(expected.as_str()));
}

#[tokio::test]
async fn a_file_is_sent_as_an_unsigned_part_beside_signed_texts() {
    let server = server(ResponseTemplate::new(200).set_body_string(OK)).await;
    let (_, write) = stacks(&server.uri(), 1000);
    let upload = Call {
        file: Some(FilePart {
            name: "file_bytes".into(),
            file_name: "a.png".into(),
            content: bytes::Bytes::from_static(b"\x89PNG...."),
        }),
        ..call(Effect::Upload)
    };
    assert!(write.oneshot(upload).await.is_ok());
    let requests = received(&server).await;
    let parts = multipart(&requests[0]);
    assert!(part(&parts, "file_bytes").contains("PNG"));
    assert_eq!(part(&parts, "order"), r#"{"name":"测试 A+B&=/"}"#);
    assert!(
        parts.iter().all(|(name, _)| name != "blank"),
        "an empty value would break the signature"
    );
    assert_signed_but(&parts, "file_bytes");
}

/// The parts of a multipart body by name, as text.
fn multipart(request: &Request) -> Vec<(String, String)> {
    let body = String::from_utf8_lossy(&request.body);
    let (boundary, _) = body.split_once("\r\n").unwrap();
    let part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n").unwrap();
        let (_, name) = head.split_once("name=\"").unwrap();
        let (name, _) = name.split_once('"').unwrap();
        let value = value.strip_suffix("\r\n").unwrap();
        (name.to_owned(), value.to_owned())
    };
    let parts = body.split(boundary).filter(|p| p.contains("\r\n\r\n"));
    parts.map(part).collect()
}

fn part<'a>(parts: &'a [(String, String)], wanted: &str) -> &'a str {
    let found = parts.iter().find(|(name, _)| name == wanted);
    found.map_or_else(|| panic!("no {wanted}: {parts:?}"), |(_, value)| value)
}

/// Asserts that every part is signed, except the file.
#[track_caller]
fn assert_signed_but(parts: &[(String, String)], file: &str) {
    let signed = parts.iter().filter(|(name, _)| name != file);
    let base = base_string(signed.map(|(n, v)| (n.as_str(), v.as_str())));
    let secret = SecretString::from("helloworld");
    let expected = sign(SignMethod::HmacSha256, &secret, &base);
    assert_eq!(part(parts, "sign"), expected);
}

const UPLOADED: &str = r#"{"alitrip_flight_service_upload_response":{
    "file_id":"FILE-TEST-0001","is_success":true,"request_id":"1"}}"#;

fn session() -> Arc<Session> {
    let account: AccountName = "main".parse().unwrap();
    let sessions = Sessions::new([account.clone()], HashKey::new([0; 32]));
    sessions.replace(&account, "session-1".into());
    sessions.usable(&account).unwrap()
}

async fn upload(
    server: &MockServer,
    overrides: Overrides,
) -> Result<Reply<wire::UploadResponse>, CallError> {
    let settings = settings(&server.uri(), 1000);
    let client = TopClient::new(&parts(), &settings, RETRY, Arc::new(overrides)).unwrap();
    let texts = translate::upload::texts("proof.png", OrderId::new(1_234_125_412));
    let file = FilePart {
        name: wire::Upload::PARAM.into(),
        file_name: "proof.png".into(),
        content: bytes::Bytes::from_static(b"\x89PNG...."),
    };
    client.upload::<wire::Upload>(&session(), texts, file).await
}

#[tokio::test]
async fn an_upload_has_an_unsigned_file_and_signed_texts() {
    let server = server(ResponseTemplate::new(200).set_body_string(UPLOADED)).await;
    let reply = upload(&server, Overrides::default()).await.unwrap();
    let context = translate::Context {
        vocabulary: &Vocabulary::default(),
        key: &HashKey::new([0; 32]),
        account: &"main".parse().unwrap(),
        now: "2030-05-01T10:00:00+08:00".parse().unwrap(),
    };
    let uploaded = translate::upload::answer(reply.answer, &context).unwrap();
    assert_eq!(uploaded.file_id, "FILE-TEST-0001");
    let requests = received(&server).await;
    let parts = multipart(&requests[0]);
    assert_eq!(part(&parts, "method"), "alitrip.flight.service.upload");
    assert_eq!(part(&parts, "session"), "session-1");
    assert_eq!(part(&parts, "file_name"), "proof.png");
    assert_eq!(part(&parts, "order_id"), "1234125412");
    assert!(part(&parts, "file_content").contains("PNG"));
    assert_signed_but(&parts, "file_content");
    let body = String::from_utf8_lossy(&requests[0].body);
    assert!(
        body.contains(r#"name="file_content"; filename="proof.png""#),
        "{body}"
    );
}

#[tokio::test]
async fn overrides_rename_the_parts_of_an_upload() {
    let server = server(ResponseTemplate::new(200).set_body_string(UPLOADED)).await;
    let of = |path: &str, what: serde_json::Value| {
        let mut row = serde_json::json!({
            "method": wire::Upload::NAME, "side": "request", "path": path,
        });
        row.as_object_mut()
            .unwrap()
            .extend(what.as_object().unwrap().clone());
        serde_json::from_value::<Override>(row).unwrap()
    };
    let rows = [
        of("file_content", serde_json::json!({"rename": "file_bytes"})),
        of("file_name", serde_json::json!({"rename": "title"})),
        of("biz_type", serde_json::json!({"constant": 3})),
    ];
    let overrides = Overrides::build(Registry::embedded(), &rows).unwrap();
    upload(&server, overrides).await.unwrap();
    let parts = multipart(&received(&server).await[0]);
    assert!(part(&parts, "file_bytes").contains("PNG"));
    assert_eq!(part(&parts, "title"), "proof.png");
    assert_eq!(part(&parts, "order_id"), "1234125412");
    assert_eq!(part(&parts, "biz_type"), "3");
    assert!(
        parts
            .iter()
            .all(|(name, _)| !name.starts_with("file_") || name == "file_bytes")
    );
    assert_signed_but(&parts, "file_bytes");
    // Nothing is sent if an override drops the file.
    let rows = [of("file_content", serde_json::json!({"drop": true}))];
    let overrides = Overrides::build(Registry::embedded(), &rows).unwrap();
    let error = upload(&server, overrides).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(received(&server).await.len(), 1);
}

#[tokio::test]
async fn an_upload_is_not_repeated() {
    let server = server(ResponseTemplate::new(502).set_body_string("<html>")).await;
    let error = upload(&server, Overrides::default()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MaybeSent);
    assert_eq!(received(&server).await.len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_nothing_is_sent_twice() {
    let target = server(ResponseTemplate::new(200).set_body_string(OK)).await;
    for status in [301, 302, 307, 308] {
        let redirect = ResponseTemplate::new(status).insert_header("Location", target.uri());
        let server = server(redirect).await;
        let (_, write) = stacks(&server.uri(), 1000);
        let ended = write.oneshot(call(Effect::Write)).await;
        assert_eq!(delivery(ended), Delivery::MaybeSent, "{status}");
        assert_eq!(received(&server).await.len(), 1, "{status}");
    }
    assert!(received(&target).await.is_empty());
}

#[tokio::test]
async fn a_write_is_sent_once_and_a_read_is_retried() {
    for (effect, times) in [(Effect::Write, 1), (Effect::Read, 3)] {
        let server = server(ResponseTemplate::new(502).set_body_string("<html>")).await;
        let (read, write) = stacks(&server.uri(), 1000);
        let stack = if effect == Effect::Read { read } else { write };
        let ended = stack.oneshot(call(effect)).await;
        assert_eq!(delivery(ended), Delivery::MaybeSent);
        assert_eq!(received(&server).await.len(), times, "{effect:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (_, write) = stacks(&address, 1000);
    let ended = write.oneshot(call(Effect::Write)).await;
    assert_eq!(delivery(ended), Delivery::NotSent);
}

#[tokio::test]
async fn a_call_past_its_deadline_is_not_sent() {
    let server = server(ResponseTemplate::new(200).set_body_string(OK)).await;
    let (_, write) = stacks(&server.uri(), 1000);
    let departure = Departure::new(SystemClock::shared());
    departure.release(Duration::ZERO);
    let late = Call {
        departure: Some(departure),
        ..call(Effect::Write)
    };
    assert_eq!(delivery(write.oneshot(late).await), Delivery::NotSent);
    assert!(received(&server).await.is_empty());
}

#[tokio::test]
async fn a_response_is_inflated_up_to_the_limit() {
    let long = format!(r#"{{"x_response":{{"text":"{}"}}}}"#, "a".repeat(5000));
    let zipped = {
        use std::io::Write;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(long.as_bytes()).unwrap();
        gz.finish().unwrap()
    };
    assert!(zipped.len() < 1000);
    let answer = ResponseTemplate::new(200)
        .insert_header("Content-Encoding", "gzip")
        .set_body_bytes(zipped);
    let server = server(answer).await;
    let (read, _) = stacks(&server.uri(), 10_000);
    let inflated = read.oneshot(call(Effect::Read)).await.unwrap();
    assert_eq!(inflated.body.len(), long.len());
    let (_, write) = stacks(&server.uri(), 1000);
    let ended = write.oneshot(call(Effect::Write)).await;
    assert_eq!(delivery(ended), Delivery::MaybeSent);
}

#[tokio::test]
async fn the_deadline_covers_the_whole_response() {
    let slow = ResponseTemplate::new(200)
        .set_body_string(OK)
        .set_delay(Duration::from_secs(30));
    let server = server(slow).await;
    let (read, write) = stacks(&server.uri(), 1000);
    let ended = write.oneshot(call(Effect::Write)).await;
    assert_eq!(delivery(ended), Delivery::MaybeSent);
    let ended = read.oneshot(call(Effect::Read)).await;
    assert_eq!(delivery(ended), Delivery::MaybeSent);
    // A slow read is not retried, because it would be slow again.
    assert_eq!(received(&server).await.len(), 2);
}
