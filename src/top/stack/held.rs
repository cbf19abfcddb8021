//! A request body that is sent when its [`Departure`] allows it, or never.
//!
//! The body is handed over in one piece, and its last parameter is the signature, so TOP cannot evaluate a part of the
//! body. How much the kernel has sent is unknown here, so a response counts as soon as the body has been handed over.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::top::call::NotSent;
use crate::top::departure::Departure;

/// A body that is held back.
pub(super) struct Held {
    bytes: Option<Bytes>,
    leave: Pin<Box<dyn Future<Output = Result<(), NotSent>> + Send + Sync>>,
}

impl Held {
    pub(super) fn new(bytes: Bytes, departure: Departure) -> Self {
        Self {
            bytes: Some(bytes),
            leave: Box::pin(departure.leave()),
        }
    }
}

impl Body for Held {
    type Data = Bytes;
    type Error = NotSent;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NotSent>>> {
        if self.bytes.is_some()
            && let Err(why) = ready!(self.leave.as_mut().poll(cx))
        {
            self.bytes = None;
            return Poll::Ready(Some(Err(why)));
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
