//! Turns the failure of a TOP call into the failure of an operation.

use super::classify::Classifier;
use super::masking::Names;
use crate::domain::operation::{Cause, Failure, UpstreamAnswer};
use crate::store::JournalError;
use crate::top::call::{CallError, NotSent};
use crate::top::envelope::ErrorResponse;
use crate::top::method::BusinessVerdict;

impl Failure {
    /// Masks these names in upstream's message, because they were not known when the message was recorded.
    #[must_use]
    pub(in crate::operations) fn masking(mut self, names: &Names) -> Self {
        if let Some(upstream) = &mut self.upstream {
            let message = upstream.message.take();
            upstream.message = message.map(|text| names.clean(&text));
        }
        self
    }
}

impl From<&JournalError> for Failure {
    fn from(error: &JournalError) -> Self {
        tracing::error!(%error, "access to the journal failed");
        Self::of(Cause::JournalUnavailable)
    }
}

impl From<&NotSent> for Failure {
    fn from(why: &NotSent) -> Self {
        match why {
            NotSent::Connect(_) | NotSent::Broken => {
                Self::of(Cause::Unreachable).with_detail(why.to_string())
            }
            NotSent::Quota { retry_after } => Self {
                retry_after: Some(retry_after.as_secs().max(1)),
                ..Self::of(Cause::RateLimited)
            },
            NotSent::Encode => Self::of(Cause::NotEncodable),
            NotSent::TooLate => Self::of(Cause::TooLate),
            NotSent::Stopping => Self::of(Cause::Stopping),
        }
    }
}

impl UpstreamAnswer {
    /// The code and texts of an `error_response`. `names` are the personal values that upstream's text may contain.
    #[must_use]
    pub fn of_error(method: &str, error: &ErrorResponse, names: &Names) -> Self {
        let text = error.sub_msg.as_deref().or(error.msg.as_deref());
        // Keep the address: the operator has to add it to the white list, and only TOP sees it.
        let about_address = error
            .sub_code
            .as_deref()
            .is_some_and(Classifier::is_about_the_address);
        let clean = |text: &str| {
            if about_address {
                names.clean_but_addresses(text)
            } else {
                names.clean(text)
            }
        };
        Self {
            method: method.to_owned(),
            code: error.code.map(|code| code.to_string()),
            sub_code: error.sub_code.as_deref().map(|code| names.clean_code(code)),
            message: text.map(clean),
            request_id: error.request_id.clone(),
        }
    }

    /// The code and text of a business response, masked in the same way.
    #[must_use]
    pub fn of_business(method: &str, verdict: &BusinessVerdict<'_>, names: &Names) -> Self {
        Self {
            method: method.to_owned(),
            code: verdict.code.map(|code| names.clean_code(code)),
            sub_code: None,
            message: verdict.message.map(|text| names.clean(text)),
            request_id: verdict.request_id.map(ToOwned::to_owned),
        }
    }

    /// Upstream's response, if it refused the call.
    #[must_use]
    pub fn of_call_error(method: &str, error: &CallError, names: &Names) -> Option<Self> {
        match error {
            CallError::Refused(refused) => Some(Self::of_error(method, refused, names)),
            CallError::NotSent(_) | CallError::Lost(_) => None,
        }
    }
}
