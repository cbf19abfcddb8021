//! The channel: a WebSocket over which TOP pushes messages.
//!
//! TOP's server library does not respond to PING, so a missing PONG says nothing. A broken connection is noticed by the
//! kernel: pull requests are sent regularly, and unacknowledged bytes end the connection.

use std::net::IpAddr;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use secrecy::SecretString;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as SocketMessage};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use super::frame::{Frame, FrameError, FrameType};
use super::message::{Connect, Kind, Message, NoId, confirm, failed, pull_request};

/// How long connecting may take, and then the response to the first frame; both as in the official client.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long sent bytes may stay unacknowledged before the kernel ends the connection, and a frame unsent.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// How long to wait for the end of a connection that this side closes.
const FAREWELL: Duration = Duration::from_millis(500);
/// The maximum length of a frame, in bytes: a message with the longest content and attachments fits.
const MAX_FRAME: usize = 8 << 20;
/// The maximum length of a phrase of TOP in an error, in characters.
const LONGEST_PHRASE: usize = 200;

/// Who connects, and where to.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// The address, `ws` or `wss`.
    pub url: String,
    /// The app key.
    pub app_key: String,
    /// The app secret.
    pub app_secret: SecretString,
    /// The group whose messages are read.
    pub group: String,
}

/// A connection that TOP has accepted.
#[derive(Debug)]
pub struct Channel {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    token: SecretString,
}

/// What arrived on the channel.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Message),
    /// A message without an id.
    Unidentified(NoId),
    /// A frame that is none.
    Garbage(FrameError),
}

/// Why the channel cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// No connection.
    #[error("no connection: {0}")]
    Connect(#[source] std::io::Error),
    /// The server did not switch to the WebSocket protocol.
    #[error("no WebSocket: {0}")]
    Upgrade(String),
    /// A step took too long.
    #[error("{0} took too long")]
    Timeout(&'static str),
    /// TOP refused the connection.
    #[error("TOP refused the connection: {} {phrase}", .code.map_or_else(|| "?".to_owned(), |code| code.to_string()))]
    Refused {
        /// TOP's code.
        code: Option<i32>,
        /// TOP's phrase.
        phrase: String,
    },
    /// TOP accepted the connection without a token.
    #[error("TOP accepted the connection without a token")]
    NoToken,
    /// A frame carries the token of another connection.
    #[error("a frame carries the token of another connection")]
    ForeignToken,
    /// The connection was closed.
    #[error("the connection was closed ({0})")]
    Closed(String),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
}

// === impl Channel ===

impl Channel {
    /// Connects and authenticates. `flag` numbers the connections of this process, `token` is the one that
    /// production servers require.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn connect(
        settings: &ChannelSettings,
        token: Option<&SecretString>,
        now_ms: i64,
        flag: i32,
    ) -> Result<Self, ChannelError> {
        let opened = timeout(PATIENCE, open(&settings.url)).await;
        let (mut socket, address) = opened.map_err(|_| ChannelError::Timeout("connecting"))??;
        let connect = Connect {
            app_key: &settings.app_key,
            secret: &settings.app_secret,
            group: &settings.group,
            now_ms,
            sdk: concat!("fliggy-gateway-", env!("CARGO_PKG_VERSION")),
            address,
            token,
            flag,
        };
        let authenticated = timeout(PATIENCE, authenticate(&mut socket, &connect)).await;
        let token = authenticated.map_err(|_| ChannelError::Timeout("the authentication"))??;
        Ok(Self { socket, token })
    }

    /// The next message. Cancel safe.
    ///
    /// # Errors
    /// The channel has ended.
    pub async fn next(&mut self) -> Result<Incoming, ChannelError> {
        loop {
            let bytes = match next_binary(&mut self.socket).await? {
                Some(bytes) => bytes,
                None => continue,
            };
            let frame = match Frame::decode(&bytes) {
                Ok(frame) => frame,
                Err(error) => return Ok(Incoming::Garbage(error)),
            };
            if !token_matches(&frame, &self.token) {
                return Err(ChannelError::ForeignToken);
            }
            if frame.frame_type == FrameType::Send && Kind::of(&frame) == Some(Kind::Data) {
                return Ok(match Message::read(&frame) {
                    Ok(message) => Incoming::Message(message),
                    Err(no_id) => Incoming::Unidentified(no_id),
                });
            }
        }
    }

    /// Asks for the messages that wait.
    ///
    /// # Errors
    /// The channel has ended.
    pub async fn pull(&mut self) -> Result<(), ChannelError> {
        self.send(&pull_request(&self.token)).await
    }

    /// Confirms a message. TOP does not respond.
    ///
    /// # Errors
    /// The channel has ended.
    pub async fn confirm(&mut self, id: i64) -> Result<(), ChannelError> {
        self.send(&confirm(&self.token, id)).await
    }

    /// Reports that a message cannot be processed now.
    ///
    /// # Errors
    /// The channel has ended.
    pub async fn fail(&mut self, id: i64, reason: &str) -> Result<(), ChannelError> {
        self.send(&failed(&self.token, id, reason)).await
    }

    /// Closes the channel as the official client does.
    pub async fn close(mut self) {
        let farewell = CloseFrame {
            code: CloseCode::Normal,
            reason: "tmc client closed".into(),
        };
        // The connection ends in any case; TOP's servers do not respond to the frame.
        let _ = timeout(FAREWELL, self.socket.close(Some(farewell))).await;
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), ChannelError> {
        send(&mut self.socket, frame).await
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens the WebSocket. Returns it with the address of this host on the connection.
async fn open(url: &str) -> Result<(Socket, IpAddr), ChannelError> {
    let upgrade = |error: SocketError| ChannelError::Upgrade(reason(error));
    let request = url.into_client_request().map_err(upgrade)?;
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("wss") => 443,
        _ => 80,
    });
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(ChannelError::Connect)?;
    watch_over(&stream).map_err(ChannelError::Connect)?;
    let address = stream.local_addr().map_err(ChannelError::Connect)?.ip();
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME))
        .max_write_buffer_size(MAX_FRAME);
    let (socket, _) = client_async_tls_with_config(request, stream, Some(config), None)
        .await
        .map_err(upgrade)?;
    Ok((socket, address))
}

/// Lets the kernel end a connection whose peer has vanished.
fn watch_over(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::net::sockopt;

        sockopt::set_socket_keepalive(stream, true)?;
        sockopt::set_tcp_keepidle(stream, UNACKNOWLEDGED)?;
        let ms = u32::try_from(UNACKNOWLEDGED.as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(stream, ms)?;
    }
    Ok(())
}

/// Sends the first frame and returns the token of the response.
async fn authenticate(
    socket: &mut Socket,
    connect: &Connect<'_>,
) -> Result<SecretString, ChannelError> {
    send(socket, &connect.frame()).await?;
    loop {
        let Some(bytes) = next_binary(socket).await? else {
            continue;
        };
        // What follows the response belongs to the channel; before it nothing is expected.
        let Ok(frame) = Frame::decode(&bytes) else {
            continue;
        };
        if frame.frame_type != FrameType::ConnectAck {
            continue;
        }
        let code = frame.status_code.filter(|code| *code > 0);
        if code.is_some() || frame.status_phrase.is_some() {
            let phrase = frame.status_phrase.unwrap_or_default();
            return Err(ChannelError::Refused {
                code,
                phrase: capped(phrase),
            });
        }
        let token = frame.token.ok_or(ChannelError::NoToken)?;
        return Ok(SecretString::from(token));
    }
}

async fn send(socket: &mut Socket, frame: &Frame) -> Result<(), ChannelError> {
    let bytes = frame
        .encode()
        .map_err(|error| ChannelError::Broken(error.to_string()))?;
    let sent = timeout(UNACKNOWLEDGED, socket.send(SocketMessage::binary(bytes))).await;
    sent.map_err(|_| ChannelError::Timeout("sending a frame"))?
        .map_err(broken)
}

/// The next binary message; `None` for any other kind of frame.
async fn next_binary(socket: &mut Socket) -> Result<Option<tungstenite::Bytes>, ChannelError> {
    match socket.next().await {
        Some(Ok(SocketMessage::Binary(bytes))) => Ok(Some(bytes)),
        Some(Ok(SocketMessage::Close(frame))) => Err(ChannelError::Closed(frame.map_or_else(
            || "no reason".to_owned(),
            |frame| capped(format!("{} {}", u16::from(frame.code), frame.reason)),
        ))),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(broken(error)),
        None => Err(ChannelError::Closed("end of stream".to_owned())),
    }
}

fn broken(error: SocketError) -> ChannelError {
    ChannelError::Broken(reason(error))
}

/// The text of an error without the contents of responses, which may be of any length.
fn reason(error: SocketError) -> String {
    match error {
        SocketError::Http(response) => format!("HTTP status {}", response.status().as_u16()),
        other => capped(other.to_string()),
    }
}

fn capped(text: String) -> String {
    match text.char_indices().nth(LONGEST_PHRASE) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// Whether a frame carries the token of the connection. A frame without a token is accepted, as by other clients.
fn token_matches(frame: &Frame, token: &SecretString) -> bool {
    use secrecy::ExposeSecret as _;

    frame
        .token
        .as_deref()
        .is_none_or(|found| found == token.expose_secret())
}
