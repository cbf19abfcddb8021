//! The two tower stacks through which every call goes.
//!
//! Each layer is one file. The order is the meaning, so it stands in one place: [`read`] and
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

/// What both stacks are built from.
#[derive(Clone)]
pub struct Parts {
    /// Keys and method of the signature.
    pub keys: Arc<SigningKeys>,
    /// Time of day for the timestamp, steady time for measuring.
    pub clock: SharedClock,
    /// Time for one attempt, over the whole body.
    pub deadline: std::time::Duration,
    /// Quota and concurrency, shared by both stacks and the senders of writes.
    pub gate: Arc<Gate>,
}

/// The stack of reads.
#[must_use]
pub fn read(parts: &Parts, retry: RetrySettings, transport: Transport) -> Stack {
    let service = ServiceBuilder::new()
        // Outermost: one record per call a caller made, whatever happened within.
        .layer(telemetry::TelemetryLayer::new(parts.clock.clone()))
        // Around the gate: every further attempt pays its quota like the first.
        .layer(retry::RetryLayer::new(retry))
        // Before the deadline: waiting for quota is not the upstream's slowness.
        .layer(GateLayer::new(parts.gate.clone()))
        // Inside the retry, so that it judges each attempt; outside the deadline, so that it
        // sees the timeout too.
        .layer(outcome::OutcomeLayer)
        // Over the whole exchange, the last byte of the body included.
        .layer(deadline::DeadlineLayer::new(parts.deadline))
        // Last before the wire: a timestamp grows old.
        .layer(sign::SignLayer::new(
            parts.keys.clone(),
            parts.clock.clone(),
        ))
        .service(transport);
    BoxCloneSyncService::new(service)
}

/// The stack of writes. There is no retry and no gate: the permit was taken before the connection is
/// opened. The call waits on its open connection until its body is released.
#[must_use]
pub fn write(parts: &Parts, transport: Transport) -> Stack {
    let service = ServiceBuilder::new()
        // Outermost: one record per send.
        .layer(telemetry::TelemetryLayer::new(parts.clock.clone()))
        // Says what may be concluded, timeouts included.
        .layer(outcome::OutcomeLayer)
        // TOP answers its own timeout at 5 s, and that answer is worth having: hence 5.5 s from the
        // release of the body. The time to connect is not part of it.
        .layer(deadline::DeadlineLayer::new(parts.deadline))
        // Last before the wire.
        .layer(sign::SignLayer::new(
            parts.keys.clone(),
            parts.clock.clone(),
        ))
        .service(transport);
    BoxCloneSyncService::new(service)
}
