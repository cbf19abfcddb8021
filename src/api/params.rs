//! Parameters that many operations share.

use utoipa::IntoParams;

/// The headers of a write.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes headers that the extractors read")]
pub(super) struct WriteHeaders {
    /// Makes the request safe to repeat: requests with the same key are executed only once. Store the
    /// key with your own record before you send the request.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    idempotency_key: String,
    /// `wait=N`: seconds to wait for the outcome before 202 is returned; 60 at most.
    #[param(rename = "Prefer", required = false, value_type = String, example = "wait=10")]
    prefer: Option<String>,
    /// The purchasing account to use. By default the only one that the key may use, else the one
    /// called `default`.
    #[param(
        rename = "Gateway-Account",
        required = false,
        value_type = String,
        min_length = 1,
        max_length = 32,
        pattern = "^[a-z0-9][a-z0-9_-]{0,31}$"
    )]
    gateway_account: Option<String>,
}

/// The header that chooses the purchasing account.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes headers that the extractors read")]
pub(super) struct AccountHeader {
    /// The purchasing account to use. By default the only one that the key may use, else the one
    /// called `default`.
    #[param(
        rename = "Gateway-Account",
        required = false,
        value_type = String,
        min_length = 1,
        max_length = 32,
        pattern = "^[a-z0-9][a-z0-9_-]{0,31}$"
    )]
    gateway_account: Option<String>,
}
