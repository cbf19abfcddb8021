//! Adds the public parameters and the signature, and encodes the body.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use tower::{Layer, Service};

use crate::clock::SharedClock;
use crate::domain::time::LocalTime;
use crate::top::call::{Call, CallError, FilePart};
use crate::top::departure::Departure;
use crate::top::sign::{SignMethod, base_string, sign};

/// The keys and the method of the signature.
#[derive(Debug)]
pub struct SigningKeys {
    /// The app key; not a secret.
    pub app_key: String,
    /// The app secret.
    pub app_secret: SecretString,
    /// The signature method.
    pub method: SignMethod,
}

/// A call ready for the wire. All parameters are in the body, because URLs are often logged.
pub struct Signed {
    /// The body with its parameters.
    pub body: SignedBody,
    /// Controls when the body may leave, if the call is a write.
    pub departure: Option<Departure>,
}

/// The two encodings of a body.
pub enum SignedBody {
    /// `application/x-www-form-urlencoded`
    Form(Bytes),
    /// `multipart/form-data`: signed text parts and one unsigned file.
    Multipart(Vec<(String, String)>, FilePart),
}

/// Signs every call as late as possible.
#[derive(Clone, Debug)]
pub(super) struct SignLayer {
    keys: Arc<SigningKeys>,
    clock: SharedClock,
}

impl SignLayer {
    pub(super) fn new(keys: Arc<SigningKeys>, clock: SharedClock) -> Self {
        Self { keys, clock }
    }
}

/// See [`SignLayer`].
#[derive(Clone, Debug)]
pub(super) struct Sign<S> {
    inner: S,
    keys: Arc<SigningKeys>,
    clock: SharedClock,
}

// === impl Sign ===

impl<S> Layer<S> for SignLayer {
    type Service = Sign<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Sign {
            inner,
            keys: self.keys.clone(),
            clock: self.clock.clone(),
        }
    }
}

impl<S> Service<Call> for Sign<S>
where
    S: Service<Signed, Error = CallError>,
{
    type Response = S::Response;
    type Error = CallError;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let timestamp = LocalTime::from_timestamp(self.clock.wall()).to_wire();
        let departure = call.departure.clone();
        let body = encode(&self.keys, call, &timestamp);
        self.inner.call(Signed { body, departure })
    }
}

fn encode(keys: &SigningKeys, call: Call, timestamp: &str) -> SignedBody {
    let session = call.session.as_ref().map(ExposeSecret::expose_secret);
    let public = [
        ("app_key", keys.app_key.as_str()),
        ("format", "json"),
        ("method", &*call.method),
        ("sign_method", keys.method.as_str()),
        ("timestamp", timestamp),
        ("v", "2.0"),
    ];
    let all = || {
        public
            .into_iter()
            .chain(session.map(|s| ("session", s)))
            .chain(call.params.iter().map(|(n, v)| (n.as_str(), v.as_str())))
    };
    let signature = sign(keys.method, &keys.app_secret, &base_string(all()));
    let signed = all()
        .chain([("sign", signature.as_str())])
        // An empty value is not signed, so it must not be sent either.
        .filter(|(_, value)| !value.trim().is_empty());
    match call.file {
        Some(file) => SignedBody::Multipart(
            signed.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            file,
        ),
        None => {
            let mut form = form_urlencoded::Serializer::new(String::with_capacity(512));
            for (name, value) in signed {
                form.append_pair(name, value);
            }
            SignedBody::Form(form.finish().into())
        }
    }
}
