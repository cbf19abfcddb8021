//! An endpoint on this machine. It records the messages that it gets and answers as a test tells it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::world::LIMIT;

/// A message as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    pub(super) json: Value,
    /// The status of the response.
    pub(super) status: u16,
}

/// The response to a message.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The response is sent once this is true.
    pub(super) gate: Option<watch::Receiver<bool>>,
}

/// The endpoint. Dropping it closes it.
pub(super) struct Receiver {
    address: SocketAddr,
    messages: watch::Receiver<Vec<Message>>,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

/// An address that refuses connections until it is opened.
pub(super) struct Closed(TcpSocket);

type Answer = Box<dyn FnMut(&Message) -> Reply + Send>;

struct Shared {
    messages: watch::Sender<Vec<Message>>,
    answer: Mutex<Answer>,
    connections: AtomicUsize,
    in_progress: AtomicUsize,
    most: AtomicUsize,
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let in_progress = shared.in_progress.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most.fetch_max(in_progress, Ordering::SeqCst);
    let mut message = Message {
        path: uri.to_string(),
        headers,
        json: serde_json::from_str(&body).unwrap(),
        body,
        status: 0,
    };
    let reply = (shared.answer.lock().unwrap())(&message);
    message.status = reply.status;
    shared
        .messages
        .send_modify(|messages| messages.push(message));
    if let Some(mut gate) = reply.gate {
        // A test that ended has no gate any more.
        let _ = gate.wait_for(|open| *open).await;
    }
    shared.in_progress.fetch_sub(1, Ordering::SeqCst);
    let mut response = StatusCode::from_u16(reply.status).unwrap().into_response();
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

// === impl Reply ===

impl From<u16> for Reply {
    fn from(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            gate: None,
        }
    }
}

// === impl Message ===

impl Message {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub(super) fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap()
    }

    /// The event, as in the feed.
    pub(super) fn event(&self) -> &Value {
        &self.json["data"]
    }

    pub(super) fn sequence(&self) -> i64 {
        self.event()["sequence"].as_i64().unwrap()
    }

    pub(super) fn is_about(&self, subject: &Value) -> bool {
        self.event()["subject"] == *subject
    }

    pub(super) fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Verifies the message as a receiver with the present time does.
    pub(super) fn verify(&self, secret: &str) {
        let webhook = Webhook::new(secret).unwrap();
        webhook
            .verify(self.body.as_bytes(), &self.headers)
            .unwrap_or_else(|error| panic!("{error}: {self:?}"));
    }

    /// Whether one of the signatures was made with this secret, at whatever time.
    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = Webhook::new(secret).unwrap();
        let time = self.header("webhook-timestamp").parse().unwrap();
        let signature = webhook.sign(self.id(), time, self.body.as_bytes()).unwrap();
        self.signatures().contains(&signature.as_str())
    }

    pub(super) fn signatures(&self) -> Vec<&str> {
        self.header("webhook-signature").split(' ').collect()
    }
}

// === impl Closed ===

impl Closed {
    pub(super) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.local_addr().unwrap())
    }

    /// Accepts connections from now on.
    pub(super) fn open(self, answer: impl FnMut(&Message) -> Reply + Send + 'static) -> Receiver {
        Receiver::on(self.0.listen(64).unwrap(), answer)
    }
}

// === impl Receiver ===

impl Receiver {
    /// An endpoint that accepts every message.
    pub(super) fn accepting() -> Self {
        Self::answering(|_| 200.into())
    }

    pub(super) fn answering(answer: impl FnMut(&Message) -> Reply + Send + 'static) -> Self {
        Closed::new().open(answer)
    }

    fn on(listener: TcpListener, answer: impl FnMut(&Message) -> Reply + Send + 'static) -> Self {
        let (messages, received) = watch::channel(Vec::new());
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            messages,
            answer: Mutex::new(Box::new(answer)),
            connections: 0.into(),
            in_progress: 0.into(),
            most: 0.into(),
        });
        let counting = shared.clone();
        let listener = listener.tap_io(move |_| {
            counting.connections.fetch_add(1, Ordering::SeqCst);
        });
        let router = Router::new().fallback(receive).with_state(shared.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router) => served.unwrap(),
                () = stopped => {}
            }
        });
        Self {
            address,
            messages: received,
            shared,
            _stop: stop.drop_guard(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers like this from now on.
    pub(super) fn answer(&self, answer: impl FnMut(&Message) -> Reply + Send + 'static) {
        *self.shared.answer.lock().unwrap() = Box::new(answer);
    }

    /// The number of connections so far.
    pub(super) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The maximum number of messages that were in progress at the same time.
    pub(super) fn most_in_progress(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// The messages so far, in the order of their arrival.
    pub(super) fn messages(&self) -> Vec<Message> {
        self.messages.borrow().clone()
    }

    /// Those that were accepted.
    pub(super) fn accepted(&self) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(Message::is_accepted);
        messages
    }

    /// Waits until the messages satisfy this condition.
    pub(super) async fn until(&self, mut what: impl FnMut(&[Message]) -> bool) -> Vec<Message> {
        let mut messages = self.messages.clone();
        let found = tokio::time::timeout(LIMIT, messages.wait_for(|messages| what(messages))).await;
        match found {
            Ok(found) => found.unwrap().clone(),
            Err(_) => {
                let lines: Vec<_> = self.messages().iter().map(line).collect();
                panic!("these messages only:\n{}", lines.join("\n"));
            }
        }
    }

    /// Waits until there are this many messages.
    pub(super) async fn until_count(&self, count: usize) -> Vec<Message> {
        self.until(|messages| messages.len() >= count).await
    }

    /// Waits until all of these events were accepted.
    pub(super) async fn until_accepted(&self, events: &[Value]) -> Vec<Message> {
        self.until(|messages| {
            let has = |event: &Value| {
                let mut accepted = messages.iter().filter(|message| message.is_accepted());
                accepted.any(|message| message.event() == event)
            };
            events.iter().all(has)
        })
        .await
    }
}

fn line(message: &Message) -> String {
    format!(
        "{} {} {} {}",
        message.status,
        message.kind(),
        message.event()["sequence"],
        message.event()["subject"]
    )
}
