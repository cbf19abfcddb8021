//! One connection: a reader that handles the client's frames, and a writer that sends responses and messages.
//!
//! The writer leases one message at a time and sends it before it takes the next one, so a client that does not read
//! has at most one message waiting in memory.

use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;
use tokio_util::codec::Framed;

use super::codec::{Codec, Incoming};
use super::connect::{INCOMPLETE, check, respond};
use crate::simulator::Simulator;
use crate::simulator::messages::Next;
use crate::top::tmc::frame::{Frame, FrameType};
use crate::top::tmc::message::Kind;

type Socket = Framed<TokioIo<Upgraded>, Codec>;

/// Number of responses that wait for the writer; then the reader waits.
const WAITING_RESPONSES: usize = 16;

/// An accepted client.
#[derive(Debug, Clone)]
struct Session {
    group: String,
    token: SecretString,
    version: u8,
}

/// What the reader hands to the writer.
enum Order {
    Respond(Frame),
    /// Respond and start to send messages.
    Open(Frame, Session),
}

/// The end of a connection, normal or not.
struct Ended;

/// Serves a connection until either side closes it.
pub(super) async fn run(simulator: &Simulator, id: u64, io: TokioIo<Upgraded>) {
    let (sink, stream) = Framed::new(io, Codec::default()).split();
    let (orders, received) = mpsc::channel(WAITING_RESPONSES);
    let reader = Reader {
        simulator,
        id,
        orders,
        session: None,
    };
    let writer = Writer {
        simulator,
        id,
        sink,
        orders: received,
    };
    tokio::select! {
        Ended = reader.run(stream) => {}
        _ = writer.run() => {}
    }
}

struct Reader<'a> {
    simulator: &'a Simulator,
    id: u64,
    orders: mpsc::Sender<Order>,
    session: Option<Session>,
}

impl Reader<'_> {
    async fn run(mut self, mut stream: SplitStream<Socket>) -> Ended {
        while let Some(Ok(incoming)) = stream.next().await {
            let handled = match incoming {
                Incoming::Binary(payload) => self.handle(&payload).await,
                Incoming::Ignored => Ok(()),
                Incoming::Close => Err(Ended),
            };
            if handled.is_err() {
                break;
            }
        }
        Ended
    }

    async fn handle(&mut self, payload: &[u8]) -> Result<(), Ended> {
        let frame = Frame::decode(payload).map_err(|_| Ended)?;
        let order = match (frame.frame_type, &self.session) {
            (FrameType::Connect, None) => Some(self.connect(&frame)?),
            (FrameType::Send | FrameType::SendAck, Some(session)) => {
                self.receive(&frame, session)?.map(Order::Respond)
            }
            // A second CONNECT, a frame before the first, or one that only a server sends.
            (FrameType::Connect, Some(_))
            | (FrameType::Send | FrameType::SendAck, None)
            | (FrameType::ConnectAck, _) => return Err(Ended),
        };
        match order {
            Some(order) => self.orders.send(order).await.map_err(|_| Ended),
            None => Ok(()),
        }
    }

    fn connect(&mut self, frame: &Frame) -> Result<Order, Ended> {
        let mut state = self.simulator.state();
        let messages = &mut state.messages;
        let group = match check(self.simulator.config(), messages, frame) {
            Ok(group) => group,
            Err(refusal) => {
                return Ok(Order::Respond(
                    refusal.respond(FrameType::ConnectAck, frame),
                ));
            }
        };
        let token = messages.connect(self.id, &group).ok_or(Ended)?;
        let mut response = respond(FrameType::ConnectAck, frame);
        response.token = Some(token.expose_secret().to_owned());
        let session = Session {
            group,
            token,
            version: frame.version,
        };
        self.session = Some(session.clone());
        Ok(Order::Open(response, session))
    }

    /// Handles a command and returns the response, if it has one.
    fn receive(&self, frame: &Frame, session: &Session) -> Result<Option<Frame>, Ended> {
        let token = frame.token.as_deref().unwrap_or_default();
        let known = session.token.expose_secret().as_bytes();
        if !bool::from(known.ct_eq(token.as_bytes())) {
            return Err(Ended);
        }
        let Some(kind) = Kind::of(frame) else {
            return Ok(None);
        };
        let id = frame.get("id").and_then(|id| id.number());
        let mut state = self.simulator.state();
        match (kind, id) {
            // Every access to the state makes the messages whose lease has ended ready and wakes the writers.
            (Kind::PullRequest, _) | (Kind::Confirm | Kind::Failed, None) => {}
            (Kind::Confirm, Some(id)) => state.messages.confirm(&session.group, id),
            (Kind::Failed, Some(id)) => {
                let reason = frame.get("msg").and_then(|reason| reason.text());
                state.messages.fail(&session.group, id, reason);
            }
            (Kind::Data, _) => return Ok(Some(published(frame))),
        }
        Ok(None)
    }
}

/// The response to a message that the client publishes. It goes nowhere: its subscribers are other apps.
fn published(frame: &Frame) -> Frame {
    let given = |name: &str| frame.get(name).and_then(|value| value.text()).is_some();
    let mut response = if given("topic") && given("content") {
        respond(FrameType::SendAck, frame)
    } else {
        INCOMPLETE.respond(FrameType::SendAck, frame)
    };
    response.token.clone_from(&frame.token);
    response
}

struct Writer<'a> {
    simulator: &'a Simulator,
    id: u64,
    sink: SplitSink<Socket, Bytes>,
    orders: mpsc::Receiver<Order>,
}

impl Writer<'_> {
    async fn run(mut self) -> Result<(), Ended> {
        let session = loop {
            match self.orders.recv().await.ok_or(Ended)? {
                Order::Respond(frame) => self.respond(&frame).await?,
                Order::Open(frame, session) => {
                    self.respond(&frame).await?;
                    break session;
                }
            }
        };
        let changed = &self.simulator.inner.messages_changed;
        loop {
            let notified = changed.notified();
            tokio::pin!(notified);
            // Registers before the state is read, so that no change is missed.
            notified.as_mut().enable();
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order).await?;
            }
            let next = self.simulator.state().messages.next(self.id);
            match next {
                Next::Close => return Err(Ended),
                Next::Send(delivery) => {
                    for payload in delivery.frames(session.version, &session.token) {
                        self.send(payload).await?;
                    }
                }
                Next::Wait => tokio::select! {
                    () = notified => {}
                    order = self.orders.recv() => self.obey(order.ok_or(Ended)?).await?,
                },
            }
        }
    }

    async fn obey(&mut self, order: Order) -> Result<(), Ended> {
        match order {
            Order::Respond(frame) | Order::Open(frame, _) => self.respond(&frame).await,
        }
    }

    async fn respond(&mut self, frame: &Frame) -> Result<(), Ended> {
        let payload = frame.encode().map_err(|_| Ended)?;
        self.send(payload.into()).await
    }

    async fn send(&mut self, payload: Bytes) -> Result<(), Ended> {
        self.sink.send(payload).await.map_err(|_| Ended)
    }
}
