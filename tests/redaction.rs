//! Secrets and personal data never appear in the logs, even at the most detailed level.
//!
//! A single test in its own process, because the subscriber is global to the process, and `log`
//! records of third-party crates only arrive once it is set.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use fliggy_gateway::api::{self, ApiState};
use fliggy_gateway::clock::SystemClock;
use fliggy_gateway::config::{Config, LogFormat, Profile};
use fliggy_gateway::gateway::Gateway;
use fliggy_gateway::notifications::receiver::Mode;
use fliggy_gateway::server::{self, Shutdown};
use fliggy_gateway::simulator::{self, Simulator, SimulatorConfig};
use fliggy_gateway::telemetry;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

const CANARY: &str = "canary5f1c7e0b9a";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_canary_appears_in_the_logs_at_trace() {
    let mut config = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    config.telemetry.log_format = LogFormat::Json;
    // `trace` for every crate, not only for the gateway.
    config.telemetry.log_filter = "trace,fliggy_gateway=trace".to_owned();
    let captured = Captured::default();
    telemetry::subscriber(&config.telemetry, captured.clone())
        .unwrap()
        .try_init()
        .unwrap();

    let state = ApiState::new(&config, SystemClock::shared(), None);
    // The response of the upstream contains the canary too.
    let upstream = Router::new().route(
        "/rest",
        post(|| async { format!("{{\"answer\": \"{CANARY}\"}}") }),
    );
    let router = api::router(state.clone()).nest("/upstream", upstream);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let server = tokio::spawn({
        let (config, shutdown) = (config.server.clone(), shutdown.clone());
        async move { server::serve(listener, router, state, &config, shutdown).await }
    });

    // A client that would log every byte that it sends and receives, unless prevented.
    let client = reqwest::Client::builder()
        .connection_verbose(true)
        .build()
        .unwrap();
    let answer = client
        .post(format!("http://{addr}/upstream/rest"))
        .form(&[("session", CANARY)])
        .send()
        .await
        .unwrap();
    assert!(answer.text().await.unwrap().contains(CANARY));
    for path in ["nothing", "problems", "livez"] {
        client
            .post(format!("http://{addr}/{path}/{CANARY}?name={CANARY}"))
            .bearer_auth(CANARY)
            .header("x-api-key", CANARY)
            .header("idempotency-key", CANARY)
            .body(format!("{{\"name\": \"{CANARY}\"}}"))
            .send()
            .await
            .unwrap();
    }
    receive_messages(&config).await;
    shutdown.soft.cancel();
    drop(client);
    server.await.unwrap();

    let logs = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines = logs.lines().filter(|line| line.contains("\"route\""));
    assert_eq!(lines.count(), 3, "one line per request\n{logs}");
    assert!(!logs.contains(CANARY), "{logs}");
    assert!(
        !logs.contains("\"level\":\"DEBUG\",\"target\":\"hyper"),
        "{logs}"
    );
}

/// Receives messages whose contents, session and secret contain the canary, over the channel and over HTTP.
async fn receive_messages(config: &Config) {
    let secret = format!("secret-{CANARY}");
    let session = format!("session-{CANARY}");
    for mode in [Mode::Tmc, Mode::Http] {
        let mut simulator = SimulatorConfig::sandbox(SystemClock::shared());
        simulator.app_secret = SecretString::from(secret.clone());
        simulator
            .sessions
            .insert(session.clone(), "other".to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let top = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(simulator::serve(
            listener,
            Simulator::new(simulator),
            stop.clone(),
        ));
        let dir = tempfile::tempdir().unwrap();
        let mut config = config.clone();
        config.store.url = format!("sqlite://{}", dir.path().join("journal.db").display());
        config.top.endpoint = format!("http://{top}/router/rest").parse().unwrap();
        config.top.app_secret = SecretString::from(secret.clone());
        config.notifications.mode = mode;
        config.notifications.url = format!("ws://{top}/").parse().unwrap();
        for account in config.accounts.values_mut() {
            account.session = Some(SecretString::from(session.clone()));
        }
        let gateway = Gateway::start(&config, SystemClock::shared(), None)
            .await
            .unwrap();
        let http = reqwest::Client::new();
        let messages = format!("http://{top}/_simulator/messages");
        let long = CANARY.repeat(200);
        for (topic, content) in [
            (
                "alitrip_flight_TradeNotify",
                format!(r#"{{"id":"1","order_no":"7","type":"3","trade_no":"{CANARY}"}}"#),
            ),
            (
                "alitrip_flight_TradeNotify",
                format!(r#"{{"id":"2","trade_no":"{long}"}}"#),
            ),
            ("another_topic", format!(r#"{{"buyer_nick":"{CANARY}"}}"#)),
            ("another_topic", format!("{CANARY} {{")),
        ] {
            let body = serde_json::json!({"topic": topic, "content": content});
            let published = http
                .post(&messages)
                .header("content-type", "application/json");
            let published = published.body(body.to_string()).send().await.unwrap();
            assert_eq!(published.status(), 201);
        }
        let confirmed = async {
            loop {
                let listed = http
                    .get(&messages)
                    .send()
                    .await
                    .unwrap()
                    .text()
                    .await
                    .unwrap();
                if listed.matches(r#""state":"confirmed""#).count() == 4 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let confirmed = tokio::time::timeout(Duration::from_secs(60), confirmed);
        confirmed.await.unwrap();
        gateway.stop().await;
        stop.cancel();
        let stored = std::fs::read(dir.path().join("journal.db")).unwrap();
        let canary = CANARY.as_bytes();
        assert!(!stored.windows(canary.len()).any(|part| part == canary));
    }
}
