//! Replaces hyper's own error responses with problems.
//!
//! hyper responds to a request that it cannot parse with a status and no body (400, 414, 431), and has no hook to
//! change that. So this stream recognises such a response when it is written, and replaces it. A response that is
//! written together with the end of an earlier response (only for a client that does not read its responses) is not
//! replaced.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::http::{HeaderMap, Response};
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::MAX_HEAD;
use super::activity::Activity;
use crate::api::{ApiState, Malformed};

/// A stream that writes problems instead of hyper's own error responses.
pub(super) struct Refusing<S> {
    stream: S,
    activity: Arc<Activity>,
    state: ApiState,
    /// The rest of a problem that is being written.
    problem: Bytes,
}

impl<S> Refusing<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>, state: ApiState) -> Self {
        Self {
            stream,
            activity,
            state,
            problem: Bytes::new(),
        }
    }

    /// The problem to write instead of `written`, if that is hyper's own error response.
    fn instead_of(&self, written: &[u8]) -> Option<Bytes> {
        let (status, headers) = automatic(written)?;
        let why = match status {
            b"400" => Malformed::Syntax,
            // hyper's own URI limit is never reached: the limit on the whole head is lower.
            _ if self.activity.line() > MAX_HEAD / 2 => Malformed::UriTooLong,
            _ => Malformed::HeadTooLarge,
        };
        Some(whole(&why.answer(&self.state), &headers))
    }
}

/// Status and `date` header of hyper's own error response; `None` for other responses: each response of the gateway
/// has a body or a header that hyper does not send.
fn automatic(written: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let head = written
        .strip_prefix(b"HTTP/1.")?
        .strip_suffix(b"\r\n\r\n")?;
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let status = lines.next()?.get(2..5)?;
    let (length, others): (Vec<_>, Vec<_>) = lines.partition(|line| *line == b"content-length: 0");
    let known = |line: &&[u8]| line.starts_with(b"date: ") || line.starts_with(b"connection: ");
    let is_automatic =
        matches!(status, b"400" | b"414" | b"431") && length.len() == 1 && others.iter().all(known);
    let date = others
        .into_iter()
        .filter(|line| line.starts_with(b"date: "));
    is_automatic.then(|| (status, date.collect()))
}

/// Serialises a response with additional header lines.
fn whole(answer: &Response<Bytes>, lines: &[&[u8]]) -> Bytes {
    let (status, body): (_, &Bytes) = (answer.status(), answer.body());
    let mut whole = BytesMut::new();
    whole.extend_from_slice(format!("HTTP/1.1 {status}\r\n").as_bytes());
    let headers: &HeaderMap = answer.headers();
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            whole.extend_from_slice(part);
        }
    }
    for line in lines {
        whole.extend_from_slice(line);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    whole.extend_from_slice(body);
    whole.freeze()
}

impl<S: AsyncWrite + Unpin> Refusing<S> {
    fn poll_problem(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.problem.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.problem))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.problem.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Refusing<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Refusing<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_problem(cx))?;
        if let [only] = bufs
            && let Some(problem) = self.instead_of(only)
        {
            // Written before anything else, and before flush and shutdown.
            self.problem = problem;
            return Poll::Ready(Ok(only.len()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_problem(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_problem(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
