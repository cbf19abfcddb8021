//! A client of the message channel that answers nothing by itself except what a test asks for.

use std::time::Duration;

use fliggy_gateway::clock::{Clock, SystemClock};
use fliggy_gateway::top::tmc::frame::{Frame, FrameType, Value as Header};
use fliggy_gateway::top::tmc::message::{Connect, Message, confirm, failed, pull_request};
use futures::{SinkExt, StreamExt};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message as Ws};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::{Top, json_of};

const PATIENCE: Duration = Duration::from_secs(10);

/// An open socket.
pub(crate) struct Tmc {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) token: SecretString,
}

/// The frame with which the gateway connects.
pub(crate) fn connect_frame(top: &Top, group: &str, token: Option<&SecretString>) -> Frame {
    Connect {
        app_key: "12345678",
        secret: &top.secret,
        group,
        now_ms: SystemClock::new().wall().as_millisecond(),
        sdk: "test",
        address: [127, 0, 0, 1].into(),
        token,
        flag: 7,
    }
    .frame()
}

impl Tmc {
    /// A socket without a CONNECT.
    pub(crate) async fn open(top: &Top, path: &str) -> Result<Self, tungstenite::Error> {
        let url = format!("{}{path}", top.base.replacen("http", "ws", 1));
        let (socket, _) = connect_async(url).await?;
        Ok(Self {
            socket,
            token: SecretString::from(""),
        })
    }

    pub(crate) async fn connect(top: &Top) -> Self {
        Self::connect_to(top, "default").await
    }

    pub(crate) async fn connect_to(top: &Top, group: &str) -> Self {
        let mut tmc = Self::open(top, "/").await.unwrap();
        tmc.send(&connect_frame(top, group, None)).await;
        tmc.accepted().await;
        tmc
    }

    /// Reads the response to a CONNECT that must succeed, and returns the token.
    pub(crate) async fn accepted(&mut self) -> String {
        let frame = self.frame().await;
        assert_eq!(frame.frame_type, FrameType::ConnectAck);
        assert_eq!((frame.status_code, frame.status_phrase), (None, None));
        let token = frame.token.unwrap();
        self.token = SecretString::from(token.clone());
        token
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Ws::binary(bytes)).await.unwrap();
    }

    pub(crate) async fn send_raw(&mut self, message: Ws) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn send(&mut self, frame: &Frame) {
        self.send_bytes(frame.encode().unwrap()).await;
    }

    pub(crate) async fn pull(&mut self) {
        let frame = pull_request(&self.token);
        self.send(&frame).await;
    }

    pub(crate) async fn confirm(&mut self, id: i64) {
        let frame = confirm(&self.token, id);
        self.send(&frame).await;
    }

    pub(crate) async fn fail(&mut self, id: i64, reason: &str) {
        let frame = failed(&self.token, id, reason);
        self.send(&frame).await;
    }

    /// The payload of the next frame, which must be binary.
    pub(crate) async fn bytes(&mut self) -> Vec<u8> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
        match next.unwrap().unwrap().unwrap() {
            Ws::Binary(payload) => payload.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn frame(&mut self) -> Frame {
        Frame::decode(&self.bytes().await).unwrap()
    }

    /// The next message with its frame.
    pub(crate) async fn delivery(&mut self) -> (Frame, Message) {
        let frame = self.frame().await;
        assert_eq!(frame.frame_type, FrameType::Send);
        assert_eq!(frame.get("__kind"), Some(&Header::Byte(3)));
        let message = Message::read(&frame).unwrap();
        (frame, message)
    }

    pub(crate) async fn message(&mut self) -> Message {
        self.delivery().await.1
    }

    /// The next message, which is confirmed: its topic and its content.
    pub(crate) async fn take(&mut self) -> (String, Value) {
        let message = self.message().await;
        self.confirm(message.id).await;
        let content = serde_json::from_str(message.content.as_ref().unwrap().expose()).unwrap();
        (message.topic, content)
    }

    /// Waits until the server closes the connection, which it does without a CLOSE frame.
    pub(crate) async fn closed(&mut self) {
        let end = async {
            while let Some(Ok(frame)) = self.socket.next().await {
                assert!(!frame.is_close(), "{frame:?}");
            }
        };
        tokio::time::timeout(PATIENCE, end).await.unwrap();
    }
}

impl Top {
    /// Publishes a message and returns the ids of its deliveries.
    pub(crate) async fn publish(&self, topic: &str, content: Value) -> Vec<i64> {
        self.publish_as(json!({"topic": topic, "content": content}))
            .await
    }

    pub(crate) async fn publish_as(&self, message: Value) -> Vec<i64> {
        let url = format!("{}/_simulator/messages", self.base);
        let response = self.post(&url, &message).await;
        assert_eq!(response.status(), 201);
        let ids = json_of(response).await["ids"].clone();
        let ids = ids.as_array().unwrap().iter();
        ids.map(|id| id.as_str().unwrap().parse().unwrap())
            .collect()
    }

    pub(crate) async fn message_fault(&self, rule: Value) {
        let url = format!("{}/_simulator/messages/faults", self.base);
        let response = self.post(&url, &rule).await;
        assert_eq!(response.status(), 201);
    }

    pub(crate) async fn channel(&self, state: &str) {
        let url = format!("{}/_simulator/messages/channel", self.base);
        let response = self.post(&url, &json!({"state": state})).await;
        assert_eq!(response.status(), 204);
    }

    /// What is listed of one message, once it fits.
    pub(crate) async fn row(&self, id: i64, fits: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let list = self.get(&format!("messages?id={id}")).await;
                let row = list["items"][0].clone();
                if fits(&row) {
                    return row;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap()
    }

    pub(crate) async fn row_is(&self, id: i64, state: &str) -> Value {
        self.row(id, |row| row["state"] == state).await
    }
}
