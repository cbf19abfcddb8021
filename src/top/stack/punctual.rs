//! A body that does not go out too late.
//!
//! The time of a write is checked before it is signed, but a connection must be made after that, and
//! the process may be stopped meanwhile. Everything a call says is in its body: as long as that has
//! not left, the call cannot be executed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::clock::SharedClock;

/// Steady time after which something may not leave any more.
#[derive(Clone, Debug)]
pub struct SendBefore {
    pub(super) clock: SharedClock,
    pub(super) time: Duration,
}

impl SendBefore {
    fn has_passed(&self) -> bool {
        self.clock.steady() > self.time
    }
}

/// The body was asked for too late and did not leave.
#[derive(Debug, thiserror::Error)]
#[error("the time to send had passed")]
pub(super) struct TooLate;

/// Bytes that leave in time or not at all.
#[derive(Debug)]
pub(super) struct Punctual {
    bytes: Option<Bytes>,
    before: SendBefore,
    late: Arc<AtomicBool>,
}

impl Punctual {
    /// The body, and whether it was held back.
    pub(super) fn new(bytes: Bytes, before: SendBefore) -> (Self, Arc<AtomicBool>) {
        let late = Arc::new(AtomicBool::new(false));
        let body = Self {
            bytes: Some(bytes),
            before,
            late: late.clone(),
        };
        (body, late)
    }
}

impl Body for Punctual {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        if self.bytes.is_some() && self.before.has_passed() {
            self.late.store(true, Ordering::Release);
            return Poll::Ready(Some(Err(TooLate)));
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
