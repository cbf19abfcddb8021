//! `top call`.

use super::{Failure, TopCallArgs, block_on, print};
use crate::clock::SystemClock;
use crate::config::{Config, Profile};
use crate::gateway::client;
use crate::top::call::CallError;
use crate::top::contract::{Overrides, Registry};

/// Read methods. All other methods are writes, which must be journaled; this command has no journal.
const READING: [&str; 9] = [
    "alitrip.flight.service.search",
    "alitrip.flight.service.queryorderlist",
    "alitrip.flight.service.queryorderdetail",
    "alitrip.flight.refund.render",
    "alitrip.flight.refund.detail",
    "alitrip.flight.refund.list",
    "alitrip.flight.change.order.query",
    "alitrip.flight.flightchange.order.query",
    "taobao.time.get",
];

pub(super) fn run(args: &TopCallArgs) -> Result<(), Failure> {
    if !READING.contains(&args.method.as_str()) {
        return Err(Failure::Usage(format!(
            "{} is not a read method; read methods are {}",
            args.method,
            READING.join(", ")
        )));
    }
    let config = args.config.load(Profile::Serve)?;
    let params = params(args)?;
    block_on(call(args, &config, params))
}

/// The application parameters; `--json` is the value of the method's only object parameter.
fn params(args: &TopCallArgs) -> Result<Vec<(String, String)>, Failure> {
    let mut params = args.params.clone();
    if let Some(json) = &args.json {
        let object = Registry::embedded()
            .method(&args.method)
            .and_then(|contract| contract.object_param())
            .ok_or_else(|| {
                Failure::Usage(format!(
                    "{} has no object parameter for --json; use --param",
                    args.method
                ))
            })?;
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(json) {
            return Err(Failure::Usage(format!("--json is not valid JSON: {error}")));
        }
        params.push((object.name.clone(), json.clone()));
    }
    Ok(params)
}

async fn call(
    args: &TopCallArgs,
    config: &Config,
    params: Vec<(String, String)>,
) -> Result<(), Failure> {
    let name = match &args.account {
        Some(name) => name.parse().ok(),
        None => config.default_account().cloned(),
    };
    let account = name
        .and_then(|name| config.accounts.get(&name))
        .ok_or_else(|| {
            Failure::Usage("unknown account; set --account to a configured one".into())
        })?;
    let top = client(&config.top, Overrides::default(), &SystemClock::shared())
        .map_err(Failure::failed)?;
    let session = account.session.clone();
    if session.is_none() {
        return Err(Failure::Usage(
            "the configuration contains no session of the account, and this command does not read the journal".into(),
        ));
    }
    let received = top
        .raw(&args.method, session, params)
        .await
        .map_err(|error| Failure::failed(describe(&error)))?;
    let mut text = String::from_utf8_lossy(&received.body).into_owned();
    text.push('\n');
    print(&text)
}

/// The error including TOP's own message.
fn describe(error: &CallError) -> String {
    match error {
        CallError::Refused(refused) => format!(
            "{error}: {} {} {} (request_id {})",
            refused.msg.as_deref().unwrap_or("-"),
            refused.sub_code.as_deref().unwrap_or("-"),
            refused.sub_msg.as_deref().unwrap_or("-"),
            refused.request_id.as_deref().unwrap_or("-"),
        ),
        CallError::NotSent(_) | CallError::Lost(_) => error.to_string(),
    }
}
