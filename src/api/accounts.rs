//! The purchasing accounts: their sessions, how they are authorised, and the topics of their messages. For operators only.

pub mod authorize;
pub mod callback;
pub mod enter_session;
pub mod get;
pub mod get_topics;
pub mod list;
pub mod permit_topics;
pub mod refresh_session;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;
use super::auth::{Caller, Operator};
use super::extract::Path;
use super::operations::unreadable;
use super::outcome::problem_of;
use super::problem::{Code, Problem, Retry, SideEffects};
use crate::domain::ids::AccountName;
use crate::domain::session::{ExpiryBasis, SessionOrigin, SessionState};
use crate::domain::time::Rfc3339;
use crate::operations::accounts::not_authorised::NotAuthorised;
use crate::operations::accounts::status::{AccountStatus, SessionStatus};
use crate::operations::accounts::topics::Topics;

/// A purchasing account (采购账号): one Taobao user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// The name, for the header `Gateway-Account`.
    name: AccountName,
    /// The channel name (渠道名称), which is sent with searches and bookings.
    channel: String,
    /// The id of the Taobao user; null until it is configured or the user has authorised the account.
    #[schema(required = true, example = "2200000000001")]
    user_id: Option<String>,
    /// The session.
    session: SessionView,
    /// The topics of messages that the account lacked when the gateway read them last: after each authorisation, and with
    /// `…/topics`. Null if they were not read under this session.
    #[schema(required = true, max_items = 100)]
    missing_topics: Option<Vec<String>>,
}

/// The session (授权) of a purchasing account. The session key itself is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Whether it can be used.
    state: SessionState,
    /// Where it comes from; null if there is none.
    #[schema(required = true)]
    origin: Option<SessionOrigin>,
    /// When the user authorised it; for a session from the configuration, when the gateway first saw it (+08:00).
    #[schema(required = true)]
    authorised_at: Option<Rfc3339>,
    /// When it expires (+08:00).
    #[schema(required = true)]
    expires_at: Option<Rfc3339>,
    /// How `expires_at` is known.
    #[schema(required = true)]
    expiry: Option<ExpiryBasis>,
    /// Until when the gateway can refresh it (+08:00); null if TOP does not grant that. A session that can be refreshed is
    /// refreshed by itself.
    #[schema(required = true)]
    refreshable_until: Option<Rfc3339>,
    /// Since when TOP refuses it, or writes under it (+08:00); null if it does not.
    #[schema(required = true)]
    refused_since: Option<Rfc3339>,
    /// What is wrong with the stored session, the configuration of the account or its file; null if nothing is. A file that
    /// cannot be used does not replace the session in force.
    #[schema(required = true)]
    problem: Option<String>,
}

/// The topics of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Topics)]
pub struct TopicsView {
    /// The topics whose messages TOP sends for the account.
    #[schema(max_items = 1000)]
    permitted: Vec<String>,
    /// The topics that the gateway reads and that are not permitted.
    #[schema(max_items = 100)]
    missing: Vec<String>,
}

impl From<SessionStatus> for SessionView {
    fn from(session: SessionStatus) -> Self {
        Self {
            state: session.state,
            origin: session.origin,
            authorised_at: session.authorised_at.map(Rfc3339),
            expires_at: session.expires.map(|(at, _)| Rfc3339(at)),
            expiry: session.expires.map(|(_, basis)| basis),
            refreshable_until: session.refreshable_until.map(Rfc3339),
            refused_since: session.refused.map(|refused| Rfc3339(refused.at)),
            problem: session.problem,
        }
    }
}

impl From<AccountStatus> for AccountView {
    fn from(account: AccountStatus) -> Self {
        Self {
            name: account.name,
            channel: account.channel,
            user_id: account.user_id.map(|id| id.to_string()),
            session: account.session.into(),
            missing_topics: account.missing_topics,
        }
    }
}

impl From<Topics> for TopicsView {
    fn from(topics: Topics) -> Self {
        Self {
            permitted: topics.permitted,
            missing: topics.missing,
        }
    }
}

/// The problems of every call that changes a session.
const AUTHORISE: &[Code] = &[
    Code::AccountNotFound,
    Code::AuthorizationFailed,
    Code::AccountMismatch,
    Code::AuthorizationDisabled,
    Code::RateLimited,
    Code::UpstreamRefused,
    Code::UpstreamUnreadable,
    Code::UpstreamUnavailable,
    Code::UpstreamTimeout,
    Code::IpNotAllowed,
    Code::ClockSkew,
    Code::PermissionDenied,
    Code::JournalUnavailable,
];

/// The operator that calls, and the account in the path, if the operator may use it. Every other account is not found: the
/// key must not learn which exist.
pub struct OperatedAccount {
    operator: Caller,
    account: AccountName,
}

impl FromRequestParts<ApiState> for OperatedAccount {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Operator(operator) = Operator::from_request_parts(parts, state).await?;
        let Path(account) = Path::<AccountName>::from_request_parts(parts, state).await?;
        if operator.may_use(&account) {
            Ok(Self { operator, account })
        } else {
            Err(Problem::new(Code::AccountNotFound))
        }
    }
}

/// The problem of what was not done.
fn refused(why: NotAuthorised) -> Problem {
    match why {
        NotAuthorised::UnknownAccount => Problem::new(Code::AccountNotFound),
        NotAuthorised::NoSealKey => Problem::new(Code::AuthorizationDisabled)
            .detail("`store.seal_key` is not set, so sessions cannot be stored."),
        NotAuthorised::NoCallback => Problem::new(Code::AuthorizationDisabled)
            .detail("`top.oauth.callback_url` is not set, so there is no link to Taobao's page."),
        NotAuthorised::BadState => Problem::new(Code::AuthorizationFailed)
            .detail("The link was not created by this gateway, was used already, or is older than 30 minutes."),
        NotAuthorised::Denied => Problem::new(Code::AuthorizationFailed)
            .detail("The authorisation was refused on Taobao's page."),
        NotAuthorised::Refused(failure) => {
            let failed = Problem::new(Code::AuthorizationFailed)
                .detail("TOP refused the code or the refresh token.");
            match failure.upstream {
                Some(upstream) => failed.upstream((*upstream).into()),
                None => failed,
            }
        }
        NotAuthorised::SessionRefused => Problem::new(Code::AuthorizationFailed)
            .detail("TOP refuses the session that was entered."),
        NotAuthorised::Lost(failure) => problem_of(&failure, None)
            .side_effects(SideEffects::Unknown)
            .retry(Retry::Never)
            .hint(
                "TOP may have done it. Read the account. A code or a refresh token that was sent may be used up: if the \
                 session is unchanged, begin again with a new link.",
            ),
        NotAuthorised::Call(failure) => problem_of(&failure, None),
        NotAuthorised::Unreadable => Problem::new(Code::UpstreamUnreadable)
            .detail("TOP's response contains no session, does not state the user, or contains topics that cannot be read."),
        NotAuthorised::OtherUser { expected, found } => Problem::new(Code::AccountMismatch).detail(
            format!("The account belongs to the Taobao user {expected}, and {found} authorised it."),
        ),
        NotAuthorised::UserTaken(other) => Problem::new(Code::AccountMismatch).detail(format!(
            "The Taobao user belongs to the account `{other}`. Two names for one user could pay an order twice."
        )),
        NotAuthorised::NotRefreshable => Problem::new(Code::SessionNotRefreshable),
        NotAuthorised::TopicsUnknown => Problem::new(Code::TopicsUnknown),
        NotAuthorised::TooManyTopics => Problem::new(Code::TopicsUnknown)
            .detail("The user would permit more than 100 topics, which TOP does not allow."),
        NotAuthorised::Conflict => Problem::new(Code::AuthorizationFailed)
            .detail("The session was changed at the same time. Read the account."),
        NotAuthorised::Stopping => Problem::new(Code::ShuttingDown),
        NotAuthorised::Unread(error) => unreadable(error),
        NotAuthorised::Journal(error) => {
            unreadable(error).side_effects(SideEffects::Unknown).hint(
                "Read the account to find out whether the session was stored. A code can be used once: if it was not, \
                 begin a new authorisation.",
            )
        }
    }
}
