//! The message service: which messages wait for which group, and what has happened to them.
//!
//! Documented: at-least-once delivery, storage for 24 hours, one consumer per message. Guessed, following reports
//! of integrators: the lease, and what a disconnection means.

mod faults;
mod message;
mod queue;
pub(super) mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::SimulatorConfig;
use super::facts::Fact;
use super::ledger::{Ledger, ids_from};
use super::users::User;
use crate::clock::SharedClock;

pub(super) use faults::Rules;
pub use faults::{MessageFault, NewMessageRule};
use message::Message;
pub(super) use message::{Delivery, Row, RowState};
use queue::Queue;

/// The group of accounts without another one (documented).
pub(super) const DEFAULT_GROUP: &str = "default";
/// How long the fault `delay` delays a message by default.
const DELAY: Duration = Duration::from_secs(2);
/// Maximum number of connections.
const MAX_CONNECTIONS: usize = 1_000;

/// A connection; when it is dropped, it is closed.
#[derive(Debug)]
struct Connection {
    /// None before its CONNECT.
    group: Option<Arc<str>>,
    _close: DropGuard,
}

/// The secrets of a group.
#[derive(Debug)]
struct Tokens {
    /// The token of all connections of the group.
    connection: SecretString,
    /// The token that `taobao.tmc.auth.get` returns.
    auth: SecretString,
}

impl Tokens {
    fn new() -> Self {
        let token = || SecretString::from(uuid::Uuid::new_v4().to_string());
        Self {
            connection: token(),
            auth: token(),
        }
    }
}

/// What a connection should do next.
pub(super) enum Next {
    /// Wait for a change.
    Wait,
    /// Send this message.
    Send(Box<Delivery>),
    /// Close the connection.
    Close,
}

/// The state of the message service.
#[derive(Debug)]
pub(super) struct Messages {
    clock: SharedClock,
    last_id: i64,
    groups: BTreeMap<String, Tokens>,
    queue: Queue,
    pub(super) rules: Rules,
    connections: BTreeMap<u64, Connection>,
    open: bool,
    /// Whether messages may have become ready.
    changed: bool,
}

impl Messages {
    pub(super) fn new(config: &SimulatorConfig) -> Self {
        let groups = config.groups.values().map(String::as_str);
        let groups = groups.chain([DEFAULT_GROUP]);
        let first = ids_from(6_000_000_000_000_000_000, &config.clock);
        Self {
            clock: config.clock.clone(),
            last_id: i64::try_from(first).unwrap_or(1),
            groups: groups
                .map(|name| (name.to_owned(), Tokens::new()))
                .collect(),
            queue: Queue::new(config.timing.message_lease),
            rules: Rules::default(),
            connections: BTreeMap::new(),
            open: true,
            changed: false,
        }
    }

    /// Publishes what happened in the ledger, unless the user has not permitted the topic.
    pub(super) fn report(&mut self, fact: Fact, user: Option<&User>, ledger: &mut Ledger) {
        let Some(user) = user.filter(|user| user.permits(fact.topic)) else {
            return;
        };
        let strike = self.rules.take_on_publish(fact.topic);
        if let Some((MessageFault::Early, delay)) = strike {
            ledger.hide_fact(fact.before, delay);
        }
        self.add(user, fact.topic, fact.content.to_string(), strike);
    }

    /// Publishes a message and returns the ids of its deliveries: none if the user has not permitted the topic.
    pub(super) fn publish(&mut self, user: &User, topic: &str, content: String) -> Vec<i64> {
        if !user.permits(topic) {
            return Vec::new();
        }
        let strike = self.rules.take_on_publish(topic);
        self.add(user, topic, content, strike)
    }

    fn add(
        &mut self,
        user: &User,
        topic: &str,
        content: String,
        strike: Option<(MessageFault, Option<Duration>)>,
    ) -> Vec<i64> {
        let (fault, delay) = strike.unzip();
        let copies = match fault {
            Some(MessageFault::Drop) => 0,
            Some(MessageFault::Duplicate) => 2,
            _ => 1,
        };
        let (at, steady) = (self.clock.wall(), self.clock.steady());
        let data_id = self.last_id + 2;
        let (topic, content) = (Arc::from(topic), Arc::from(content));
        let mut ids = Vec::new();
        for _ in 0..copies {
            self.last_id += 2;
            ids.push(self.last_id);
            let message = Message {
                id: self.last_id,
                data_id,
                topic: Arc::clone(&topic),
                content: Arc::clone(&content),
                group: Arc::clone(&user.group),
                user_id: user.user_id,
                user_nick: Arc::clone(&user.nick),
                published_at: at,
                published_steady: steady,
                deliveries: 0,
                failure: None,
            };
            match fault {
                Some(MessageFault::Delay) => {
                    let delay = delay.flatten().unwrap_or(DELAY);
                    self.queue.delay(message, steady.saturating_add(delay));
                }
                Some(MessageFault::Reorder) => self.queue.hold(message),
                _ => self.queue.add(message),
            }
            self.changed = true;
        }
        ids
    }

    /// Registers a new connection. The token is cancelled when it has to end. None: no connection is accepted.
    pub(super) fn register(&mut self, connection: u64) -> Option<CancellationToken> {
        if !self.open || self.connections.len() >= MAX_CONNECTIONS {
            return None;
        }
        let ended = CancellationToken::new();
        let registered = Connection {
            group: None,
            _close: ended.clone().drop_guard(),
        };
        self.connections.insert(connection, registered);
        Some(ended)
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Closes the channel, with all connections, or opens it.
    pub(super) fn set_open(&mut self, open: bool) {
        self.open = open;
        if !open {
            self.connections.clear();
        }
    }

    /// The number of accepted connections.
    pub(super) fn connections(&self) -> usize {
        let all = self.connections.values();
        all.filter(|connection| connection.group.is_some()).count()
    }

    /// The token that `taobao.tmc.auth.get` returns. None: unknown group.
    pub(super) fn auth_token(&self, group: &str) -> Option<&SecretString> {
        self.groups.get(group).map(|tokens| &tokens.auth)
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// Accepts a connection and returns the token of its group. None: unknown group, or the connection has ended.
    pub(super) fn connect(&mut self, connection: u64, group: &str) -> Option<SecretString> {
        let token = self.groups.get(group)?.connection.clone();
        self.connections.get_mut(&connection)?.group = Some(group.into());
        Some(token)
    }

    /// Ends a connection. The leases of its messages run on.
    pub(super) fn disconnect(&mut self, connection: u64) {
        self.connections.remove(&connection);
    }

    /// Leases a message to a connection.
    pub(super) fn next(&mut self, connection: u64) -> Next {
        let connected = self.connections.get(&connection);
        let Some(group) = connected.and_then(|connected| connected.group.clone()) else {
            return Next::Close;
        };
        let steady = self.clock.steady();
        let next = self.queue.peek(&group);
        let Some(topic) = next.map(|message| Arc::clone(&message.topic)) else {
            return Next::Wait;
        };
        let fault = self.rules.take_on_delivery(&topic, |_| true);
        if fault == Some(MessageFault::Disconnect) {
            self.disconnect(connection);
            // Another connection of the group may take the message.
            self.changed = true;
            return Next::Close;
        }
        match self.queue.lease(&group, steady) {
            Some(message) => Next::Send(Box::new(message.delivery(fault, self.clock.wall()))),
            None => Next::Wait,
        }
    }

    /// Leases messages to an HTTP consumer.
    pub(super) fn consume(&mut self, group: &str, quantity: usize) -> Vec<Delivery> {
        let (wall, steady) = (self.clock.wall(), self.clock.steady());
        if self.queue.settle(steady) {
            self.changed = true;
        }
        let mut deliveries = Vec::new();
        while deliveries.len() < quantity {
            let Some(message) = self.queue.lease(group, steady) else {
                break;
            };
            let over_http = |fault| fault == MessageFault::Unreadable;
            let fault = self.rules.take_on_delivery(&message.topic, over_http);
            deliveries.push(message.delivery(fault, wall));
        }
        deliveries
    }

    /// Deletes a message that was delivered to this group.
    pub(super) fn confirm(&mut self, group: &str, id: i64) {
        self.queue.confirm(group, id);
    }

    /// Records that a consumer could not process a message.
    pub(super) fn fail(&mut self, group: &str, id: i64, reason: Option<String>) {
        self.queue.fail(group, id, reason, self.clock.steady());
    }

    /// All messages that are kept, and the newest confirmed ones, oldest first.
    pub(super) fn rows(&self) -> Vec<Row> {
        self.queue.rows()
    }

    /// Makes the messages whose time has come ready, drops old ones, and tells whether any may have become
    /// ready.
    pub(super) fn settle(&mut self) -> bool {
        if self.queue.settle(self.clock.steady()) {
            self.changed = true;
        }
        std::mem::take(&mut self.changed)
    }

    /// The next time at which [`Self::settle`] has something to do.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.queue.next_due()
    }
}
