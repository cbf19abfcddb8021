//! The two tower stacks for all calls.
//!
//! Each layer is one file. The order of the layers matters, so it is defined in one place: [`read`] and
//! [`write`](fn@write).

mod deadline;
mod gate;
mod held;
mod outcome;
mod retry;
mod sign;
mod telemetry;
mod transport;

use std::sync::Arc;

use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

pub use gate::{Gate, GateLayer, Permit, QuotaSettings};
pub use retry::RetrySettings;
pub use sign::{Signed, SignedBody, SigningKeys};
pub use transport::{Transport, TransportSettings};

use super::call::{Call, CallError, Received};
use crate::clock::SharedClock;

/// A finished stack.
pub type Stack = BoxCloneSyncService<Call, Received, CallError>;

/// The parts of both stacks.
#[derive(Clone)]
pub struct Parts {
    /// Keys and signature method.
    pub keys: Arc<SigningKeys>,
    /// Wall-clock time for the timestamp, steady time for measuring.
    pub clock: SharedClock,
    /// Time limit for one attempt, including the whole body.
    pub deadline: std::time::Duration,
    /// Quota and concurrency, shared by both stacks and the senders of writes.
    pub gate: Arc<Gate>,
}

/// The read stack.
#[must_use]
pub fn read(parts: &Parts, retry: RetrySettings, transport: Transport) -> Stack {
    let service = ServiceBuilder::new()
        // Outermost: one record per caller's call, including its retries.
        .layer(telemetry::TelemetryLayer::new(parts.clock.clone()))
        // Around the gate: every retry uses quota like the first attempt.
        .layer(retry::RetryLayer::new(retry))
        // Before the deadline: waiting for quota does not count as upstream latency.
        .layer(GateLayer::new(parts.gate.clone()))
        // Inside the retry, so that it evaluates each attempt; outside the deadline, so that it also sees timeouts.
        .layer(outcome::OutcomeLayer)
        // Limits the whole exchange, including the last byte of the body.
        .layer(deadline::DeadlineLayer::new(parts.deadline))
        // Last before the wire, so that the timestamp is fresh.
        .layer(sign::SignLayer::new(
            parts.keys.clone(),
            parts.clock.clone(),
        ))
        .service(transport);
    BoxCloneSyncService::new(service)
}

/// The write stack. It has no retry and no gate: the permit is acquired before the connection is opened. The call waits
/// on its open connection until the body is released.
#[must_use]
pub fn write(parts: &Parts, transport: Transport) -> Stack {
    let service = ServiceBuilder::new()
        // Outermost: one record per send.
        .layer(telemetry::TelemetryLayer::new(parts.clock.clone()))
        // Decides what the outcome proves, timeouts included.
        .layer(outcome::OutcomeLayer)
        // TOP reports its own timeout after 5 s, and this response is useful. So the deadline is 5.5 s from the
        // release of the body; the time to connect is not included.
        .layer(deadline::DeadlineLayer::new(parts.deadline))
        // Last before the wire.
        .layer(sign::SignLayer::new(
            parts.keys.clone(),
            parts.clock.clone(),
        ))
        .service(transport);
    BoxCloneSyncService::new(service)
}
