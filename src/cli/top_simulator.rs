//! `top-simulator`.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::serve::prepare;
use super::{Failure, TopSimulatorArgs, block_on, print};
use crate::clock::SystemClock;
use crate::config::{Config, Profile};
use crate::simulator::{self, Simulator, SimulatorConfig};
use crate::top::contract::{Overrides, Registry};

pub(super) fn run(args: &TopSimulatorArgs) -> Result<(), Failure> {
    let config = args.config.load(Profile::Sandbox)?;
    block_on(async {
        let shutdown = prepare(&config)?;
        let listener = TcpListener::bind(args.listen)
            .await
            .map_err(|error| Failure::failed(format!("{}: {error}", args.listen)))?;
        let address = listener.local_addr().map_err(Failure::failed)?;
        print(&format!(
            "The TOP simulator listens on http://{address}/router/rest\n"
        ))?;
        simulator::serve(listener, simulator(&config)?, shutdown.soft)
            .await
            .map_err(Failure::failed)
    })
}

/// A simulator with the app, the accounts and the overrides of this configuration. The messages of all accounts go to the
/// first configured group.
pub(super) fn simulator(config: &Config) -> Result<Simulator, Failure> {
    let overrides = &config.top.contract.overrides;
    let overrides = Overrides::build(Registry::embedded(), overrides)
        .map_err(|problems| Failure::failed(problems.join("; ")))?;
    let sessions: BTreeMap<_, _> = config
        .accounts
        .iter()
        .map(|(name, account)| {
            let session = account.session.as_ref();
            // An account without a session is to be authorised, so the simulator must know it.
            let unused = || format!("unused-{}", Uuid::new_v4());
            let session = session.map_or_else(unused, |session| session.expose_secret().to_owned());
            (session, name.to_string())
        })
        .collect();
    let user_ids: BTreeMap<_, _> = config
        .accounts
        .iter()
        .filter_map(|(name, account)| Some((name.to_string(), account.user_id?)))
        .collect();
    let group = config.notifications.group.first();
    let groups: BTreeMap<_, _> = config
        .accounts
        .keys()
        .filter_map(|name| Some((name.to_string(), group?.clone())))
        .collect();
    let channels: BTreeSet<_> = config
        .accounts
        .values()
        .map(|account| account.channel.clone())
        .collect();
    Ok(Simulator::new(SimulatorConfig {
        app_key: config.top.app_key.clone(),
        app_secret: config.top.app_secret.clone(),
        sessions,
        user_ids,
        groups,
        channels,
        overrides,
        ..SimulatorConfig::sandbox(SystemClock::shared())
    }))
}
