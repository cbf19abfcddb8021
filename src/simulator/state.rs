//! The mutable state of the simulator, and access to it.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::time::Duration;

use super::calls::CallLog;
use super::ledger::Ledger;
use super::messages::Messages;
use super::script::Scripts;
use super::sessions::Sessions;
use super::users::Users;
use super::{Inner, SimulatorConfig, known};

/// The mutable state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) scripts: Scripts,
    pub(super) calls: CallLog,
    pub(super) messages: Messages,
    pub(super) sessions: Sessions,
    pub(super) users: Users,
    /// The next due time that the driver knows of.
    due: Option<Duration>,
}

/// The locked state. At the end of every access, what happened is published and those who wait for it are woken.
pub(super) struct Locked<'a> {
    state: MutexGuard<'a, State>,
    inner: &'a Inner,
}

impl<'a> Locked<'a> {
    pub(super) fn new(state: MutexGuard<'a, State>, inner: &'a Inner) -> Self {
        Self { state, inner }
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if self.state.settle() {
            self.inner.messages_changed.notify_waiters();
        }
        let due = self.state.next_due();
        if self.state.due != due {
            self.state.due = due;
            self.inner.due_changed.notify_one();
        }
    }
}

impl State {
    pub(super) fn new(config: &SimulatorConfig) -> Self {
        let mut ledger = Ledger::new(
            config.clock.clone(),
            config.timing.clone(),
            config.max_orders,
        );
        for account in config.sessions.values().collect::<BTreeSet<_>>() {
            known::seed(&mut ledger, account);
        }
        Self {
            ledger,
            scripts: Scripts::default(),
            calls: CallLog::default(),
            messages: Messages::new(config),
            sessions: Sessions::new(config),
            users: Users::new(config),
            due: None,
        }
    }

    /// Publishes what happened. Returns whether messages may have become ready.
    fn settle(&mut self) -> bool {
        for fact in self.ledger.take_facts() {
            let user = self.users.get(&fact.account);
            self.messages.report(fact, user, &mut self.ledger);
        }
        self.messages.settle()
    }

    /// The next time at which something changes by itself.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let both = [self.ledger.next_due(), self.messages.next_due()];
        both.into_iter().flatten().min()
    }
}
