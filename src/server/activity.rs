//! Tracks what a connection is doing by its reads, writes and requests, and its deadline.
//!
//! hyper's only read timer starts as soon as a response is sent, so it cannot distinguish a client that is
//! idle between two requests (allowed for minutes) from one that sends a head byte by byte (allowed for
//! seconds).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Accepted; the client has not sent a byte.
    Silent = 0,
    /// The client is sending a request head.
    Head = 1,
    /// A request is being handled; the body has its own deadline.
    Busy = 2,
    /// A response is being sent, or the connection is idle.
    Idle = 3,
}

/// Shared by the connection's reader, service and timer, which all run in one task.
#[derive(Debug)]
pub(super) struct Activity {
    start: Instant,
    phase: AtomicU8,
    /// When the phase began or last made progress, in ms since `start`.
    since: AtomicU64,
    /// The length of the first line of the current request head so far, and whether the line is complete.
    line: AtomicUsize,
    line_ended: AtomicBool,
    header_timeout: Duration,
    idle_timeout: Duration,
}

impl Activity {
    pub(super) fn new(header_timeout: Duration, idle_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            phase: AtomicU8::new(Phase::Silent as u8),
            since: AtomicU64::new(0),
            line: AtomicUsize::new(0),
            line_ended: AtomicBool::new(false),
            header_timeout,
            idle_timeout,
        })
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Silent,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Idle,
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.touch();
    }

    fn touch(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(since, Ordering::Relaxed);
    }

    /// The end of the current phase's timeout; `None` while a request is being handled.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline_with(self.idle_timeout)
    }

    /// The same with another timeout for responses that are being sent.
    pub(super) fn deadline_with(&self, idle_timeout: Duration) -> Option<Instant> {
        let timeout = match self.phase() {
            Phase::Silent | Phase::Head => self.header_timeout,
            Phase::Busy => return None,
            Phase::Idle => idle_timeout,
        };
        let since = Duration::from_millis(self.since.load(Ordering::Relaxed));
        Some(self.start + since + timeout)
    }

    /// How soon to check again while there is no deadline.
    pub(super) fn next_check(&self) -> Duration {
        self.header_timeout
    }

    fn read_some(&self, bytes: &[u8]) {
        match self.phase() {
            // The timeout of the head starts with its first byte; further bytes do not extend it.
            Phase::Silent | Phase::Idle => {
                self.enter(Phase::Head);
                self.line.store(0, Ordering::Relaxed);
                self.line_ended.store(false, Ordering::Relaxed);
            }
            Phase::Head | Phase::Busy => {}
        }
        if !self.line_ended.load(Ordering::Relaxed) {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let more = end.unwrap_or(bytes.len());
            self.line.fetch_add(more, Ordering::Relaxed);
            self.line_ended.store(end.is_some(), Ordering::Relaxed);
        }
    }

    /// The length of the first line of the current request head so far.
    pub(super) fn line(&self) -> usize {
        self.line.load(Ordering::Relaxed)
    }

    fn wrote_some(&self) {
        match self.phase() {
            // A client that reads a long response slowly is alive, so each write extends the timeout.
            Phase::Idle => self.touch(),
            Phase::Silent | Phase::Head | Phase::Busy => {}
        }
    }
}

/// A stream that records its activity.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = &buf.filled()[before..];
        if !read.is_empty() {
            self.activity.read_some(read);
        }
        poll
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        if poll.is_ready() {
            self.activity.wrote_some();
        }
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        if poll.is_ready() {
            self.activity.wrote_some();
        }
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
