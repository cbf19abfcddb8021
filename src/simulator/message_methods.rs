//! The HTTP methods of the message service. They belong to the platform, so they have no file in `openapi/top`.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::gate::{PlatformError, given};
use super::messages::{DEFAULT_GROUP, Messages};
use super::params::Params;

/// Maximum number of ids in one confirmation (documented).
const MAX_IDS: usize = 200;
/// Messages per call by default (documented).
const QUANTITY: usize = 100;

/// A method of the message service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageMethod {
    Consume,
    Confirm,
    AuthGet,
}

impl MessageMethod {
    /// The method with this full name.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "taobao.tmc.messages.consume" => Some(Self::Consume),
            "taobao.tmc.messages.confirm" => Some(Self::Confirm),
            "taobao.tmc.auth.get" => Some(Self::AuthGet),
            _ => None,
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::Consume => "tmc_messages_consume_response",
            Self::Confirm => "tmc_messages_confirm_response",
            Self::AuthGet => "tmc_auth_get_response",
        }
    }

    /// Runs a call that passed the checks of `gate`, and returns the whole response.
    pub(super) fn run(
        self,
        params: &Params,
        messages: &mut Messages,
        request_id: &str,
    ) -> Result<Value, PlatformError> {
        let simplify = params.get("simplify").is_some_and(|word| word == "true");
        let mut inner = match self {
            Self::Consume => consume(params, messages, simplify)?,
            Self::Confirm => confirm(params, messages)?,
            Self::AuthGet => auth_get(params, messages)?,
        };
        inner["request_id"] = json!(request_id);
        Ok(match simplify {
            true => inner,
            false => json!({self.root(): inner}),
        })
    }
}

fn consume(
    params: &Params,
    messages: &mut Messages,
    simplify: bool,
) -> Result<Value, PlatformError> {
    let group = group(params, "group_name", messages)?;
    let quantity = match given(params, "quantity") {
        None => QUANTITY,
        Some(text) => {
            let number = text.trim().parse().ok();
            number
                .filter(|number| (10..=200).contains(number))
                .ok_or_else(|| PlatformError::invalid("quantity", "a number from 10 to 200"))?
        }
    };
    let taken = messages.consume(group, quantity);
    let items: Vec<Value> = taken.iter().map(|delivery| delivery.json()).collect();
    let list = if simplify {
        json!(items)
    } else if items.is_empty() {
        // As TOP writes other empty lists; no real empty response is known.
        json!({})
    } else {
        json!({"tmc_message": items})
    };
    Ok(json!({"messages": list}))
}

fn confirm(params: &Params, messages: &mut Messages) -> Result<Value, PlatformError> {
    let group = group(params, "group_name", messages)?;
    let name = "s_message_ids";
    let text = given(params, name).ok_or_else(|| PlatformError::missing(name))?;
    let ids: Option<Vec<i64>> = text.split(',').map(|id| id.trim().parse().ok()).collect();
    let ids = ids
        .filter(|ids| ids.len() <= MAX_IDS)
        .ok_or_else(|| PlatformError::invalid(name, "at most 200 ids, separated by commas"))?;
    for id in ids {
        messages.confirm(group, id);
    }
    Ok(json!({"is_success": true}))
}

fn auth_get(params: &Params, messages: &Messages) -> Result<Value, PlatformError> {
    let group = group(params, "group", messages)?;
    let token = messages
        .auth_token(group)
        .map(|token| token.expose_secret());
    Ok(json!({"result": token}))
}

/// The group of a call. "Error if given but unknown" is documented; the error is a guess.
fn group<'a>(
    params: &'a Params,
    name: &str,
    messages: &Messages,
) -> Result<&'a str, PlatformError> {
    let group = given(params, name).unwrap_or(DEFAULT_GROUP);
    if messages.has_group(group) {
        Ok(group)
    } else {
        Err(PlatformError::invalid(name, "the group does not exist"))
    }
}
