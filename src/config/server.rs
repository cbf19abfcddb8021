//! `[server]`: the listener and its limits against slow or too many clients.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use super::table::Table;
use super::value;

/// The listener of the REST API.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How long a client may take to send a request head. Also closes a silent connection.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// How long a kept-alive connection may stay idle between two requests.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// How long a client may take to send a request body.
    #[serde(with = "humantime_serde")]
    pub body_timeout: Duration,
    /// The maximum size of a request body, in bytes.
    pub max_body: usize,
    /// The maximum size of an attachment, in bytes.
    pub max_attachment: usize,
    /// Maximum number of concurrent uploads; further uploads get 503 `overloaded`.
    pub max_uploads: u32,
    /// Maximum number of open connections; further clients wait in the backlog.
    pub max_connections: u32,
    /// Maximum number of concurrent requests; further requests get 503 `overloaded`.
    pub max_in_flight: u32,
    /// Maximum number of concurrent event streams and long polls for events; further ones get 503 `overloaded`.
    pub max_listeners: u32,
    /// The longest time from SIGTERM to the end of the process.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
}

impl Server {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let listen = table.required("listen", value::socket_addr);
        let header_timeout = table.required("header_timeout", value::duration);
        let idle_timeout = table.required("idle_timeout", value::duration);
        let body_timeout = table.required("body_timeout", value::duration);
        let max_body = table.required("max_body", value::size);
        let max_attachment = table.required("max_attachment", value::size);
        let max_uploads = table.required("max_uploads", value::count);
        let max_connections = table.required("max_connections", value::count);
        let max_in_flight = table.required("max_in_flight", value::count);
        let max_listeners = table.required("max_listeners", value::count);
        let shutdown_grace = table.required("shutdown_grace", value::duration);
        table.finish();
        Some(Self {
            listen: listen?,
            header_timeout: header_timeout?,
            idle_timeout: idle_timeout?,
            body_timeout: body_timeout?,
            max_body: max_body?,
            max_attachment: max_attachment?,
            max_uploads: max_uploads?,
            max_connections: max_connections?,
            max_in_flight: max_in_flight?,
            max_listeners: max_listeners?,
            shutdown_grace: shutdown_grace?,
        })
    }
}
