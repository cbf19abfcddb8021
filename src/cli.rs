//! The command line.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, Profile};
use crate::domain::access::Scope;
use crate::domain::ids::{AccountName, CallerName};
use crate::domain::time::Rfc3339;

mod check_config;
mod keys;
mod openapi;
mod sandbox;
mod serve;
mod sign;
mod top_call;
mod top_simulator;

/// REST gateway to Fliggy's domestic flight purchasing API (新京杭) on the Taobao Open Platform (TOP)
///
/// Internal apps get a clean JSON API; TOP gets signed, rate-limited calls. Every booking and payment is
/// journaled and sent at most once. If one times out, the gateway queries Fliggy until its outcome is
/// known.
#[derive(Debug, Parser)]
#[command(name = "fliggy-gateway", version, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  Try the gateway on your own machine without credentials, then open the address it prints:
      fliggy-gateway sandbox

  Check a configuration, then run it:
      fliggy-gateway check-config --config gateway.toml
      fliggy-gateway serve --config gateway.toml

  Keep secrets out of the file:
      GATEWAY__TOP__APP_SECRET_FILE=/run/secrets/top fliggy-gateway serve --config gateway.toml

Configuration: built-in defaults < file (TOML) < environment GATEWAY__SECTION__KEY, for example
GATEWAY__SERVER__LISTEN=0.0.0.0:8080 or GATEWAY__ACCOUNTS__DEFAULT__SESSION=…
`check-config` prints every key with its effective value.

Exit status: 0 success, 1 failure, 2 invalid command line or configuration.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    ///
    /// Stops on SIGTERM or SIGINT: accepts no new work, finishes work in progress within
    /// `server.shutdown_grace`, and closes the journal last. A second signal stops at once; no write is
    /// lost, since every write is journaled before it is sent.
    Serve(ConfigArgs),
    /// Run the gateway with a TOP simulator, on loopback and without credentials
    ///
    /// Runs gateway, journal and simulator in one process with built-in defaults. Prints addresses and a
    /// short tour: book, make a payment time out on purpose, and watch the gateway find that the payment
    /// was executed.
    Sandbox(SandboxArgs),
    /// Run the TOP simulator alone, for tests of other programs
    ///
    /// Checks signature, timestamp, session and contract as TOP does, keeps orders in a ledger, and
    /// injects faults that are scripted over HTTP or by magic values.
    TopSimulator(TopSimulatorArgs),
    /// Print the OpenAPI document, or the catalogue of problems
    Openapi(OpenapiArgs),
    /// Print the effective configuration with masked secrets, or all its problems
    CheckConfig(CheckConfigArgs),
    /// Show the signed text of a TOP call and its signature
    ///
    /// For support cases: compare text and signature with those of another client for the same
    /// parameters. The secret and the session are shown as `***`; the signature is real.
    Sign(SignArgs),
    /// Call TOP directly
    #[command(subcommand)]
    Top(TopCommand),
    /// Create, list, change and revoke API keys
    ///
    /// Without `--url`, the command works on the journal of the configuration (`store.url`), so no gateway may be
    /// running on it. Create the first key this way, before the first start. With `--url`, the command sends
    /// requests to a running gateway, with the API key of an operator.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// List the keys, also those that have expired or were revoked
    ///
    /// Keys of the configuration (`auth.keys`) are not listed.
    List {
        #[command(flatten)]
        place: KeyPlaceArgs,
    },
    /// Create a key for a caller, and print it
    ///
    /// The key is printed once and cannot be shown again. A caller has one active key at a time.
    #[command(mut_arg("scopes", |scopes| scopes.required(true)), after_long_help = "\
Examples:
  The first key, for an operator, before the gateway is started:
      fliggy-gateway keys create ops --scopes operator,orders:read,events --config gateway.toml

  A key for an app, while the gateway is running:
      GATEWAY_API_KEY=… fliggy-gateway keys create booking-app --url http://127.0.0.1:8080 \\
          --scopes search,orders:read,orders:write,pay,after_sales,events")]
    Create {
        /// The name of the app or person that uses the key
        caller: CallerName,
        #[command(flatten)]
        settings: KeySettingsArgs,
        #[command(flatten)]
        place: KeyPlaceArgs,
    },
    /// Change the settings of a key; options that are left out change nothing
    ///
    /// An option replaces the earlier value as a whole: `--scopes` names all scopes that the key is to have.
    Update {
        /// The id of the key, or the name of the caller for its active key
        key: String,
        #[command(flatten)]
        settings: KeySettingsArgs,
        #[command(flatten)]
        place: KeyPlaceArgs,
    },
    /// Give a key a new secret, and print the new API key
    ///
    /// The id, the caller and the settings stay the same. The new API key is printed once and cannot be shown again.
    Rotate {
        /// The id of the key, or the name of the caller for its active key
        key: String,
        /// How long the present secret is still accepted, such as 30m, 24h or 7d, the maximum; 0 ends all
        /// present secrets at once
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = overlap)]
        overlap: Overlap,
        /// End the newest secret at once, because its key was lost before anybody had it
        #[arg(long)]
        replace_newest: bool,
        #[command(flatten)]
        place: KeyPlaceArgs,
    },
    /// Revoke a key at once; this cannot be undone
    Revoke {
        /// The id of the key, or the name of the caller for its active key
        key: String,
        #[command(flatten)]
        place: KeyPlaceArgs,
    },
}

impl KeysCommand {
    fn place(&self) -> &KeyPlaceArgs {
        match self {
            Self::List { place }
            | Self::Create { place, .. }
            | Self::Update { place, .. }
            | Self::Rotate { place, .. }
            | Self::Revoke { place, .. } => place,
        }
    }
}

/// Where the keys are.
#[derive(Debug, Args)]
struct KeyPlaceArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The address of a running gateway, such as http://127.0.0.1:8080. Set the variable GATEWAY_API_KEY to the API
    /// key of an operator that may use all purchasing accounts
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The file that contains the operator's API key, instead of GATEWAY_API_KEY; only with --url
    #[arg(long, value_name = "FILE", requires = "url")]
    api_key_file: Option<PathBuf>,
    /// Print JSON in the form of the API
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct KeySettingsArgs {
    /// The scopes, separated by commas: search, orders:read, orders:write, pay, after_sales, events, raw, operator
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// The purchasing accounts that the caller may use, separated by commas, or `all`, which is the default of a
    /// new key
    #[arg(long, value_name = "NAMES", value_parser = accounts)]
    accounts: Option<Accounts>,
    /// The account for requests that name none, or `none`, which is the default of a new key
    #[arg(long, value_name = "NAME", value_parser = default_account)]
    default_account: Option<DefaultAccount>,
    /// When the key expires (RFC 3339, such as 2030-05-20T08:45:00+08:00), or `never`, which is the default of a
    /// new key
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    expires: Option<Expiry>,
    /// What the key is for; an empty text removes the description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl KeySettingsArgs {
    /// Whether no setting is named.
    fn is_empty(&self) -> bool {
        self.scopes.is_empty()
            && self.accounts.is_none()
            && self.default_account.is_none()
            && self.expires.is_none()
            && self.description.is_none()
    }
}

/// The accounts that a caller may use; none for the word `all`.
#[derive(Clone, Debug)]
struct Accounts(Option<BTreeSet<AccountName>>);

/// The account of requests that name none; none for the word `none`.
#[derive(Clone, Debug)]
struct DefaultAccount(Option<AccountName>);

/// When a key ends by itself; none if never.
#[derive(Clone, Copy, Debug)]
struct Expiry(Option<Rfc3339>);

#[derive(Clone, Copy, Debug)]
struct Overlap(std::time::Duration);

fn accounts(text: &str) -> Result<Accounts, String> {
    if text == "all" {
        return Ok(Accounts(None));
    }
    let names = text.split(',').map(|name| match name {
        "all" => Err("`all` must be the only value".to_owned()),
        // Not a name, because it could be meant as the opposite of `all`.
        "none" => Err(
            "expected `all`, or names of purchasing accounts separated by commas, such as default,second".to_owned(),
        ),
        name => name.parse::<AccountName>().map_err(|error| error.to_string()),
    });
    names
        .collect::<Result<_, _>>()
        .map(|names| Accounts(Some(names)))
}

fn default_account(text: &str) -> Result<DefaultAccount, String> {
    let parsed = match text {
        "none" => return Ok(DefaultAccount(None)),
        // Not a name, because it could be meant as in `--accounts`.
        "all" => Err("expected an account name, such as \"default\"".to_owned()),
        name => name.parse().map_err(|error| format!("{error}")),
    };
    parsed
        .map(|name| DefaultAccount(Some(name)))
        .map_err(|error| format!("{error}, or `none`"))
}

fn expiry(text: &str) -> Result<Expiry, String> {
    match text {
        "never" => Ok(Expiry(None)),
        text => text.parse().map(|at| Expiry(Some(at))).map_err(|_| {
            "expected a time such as 2030-05-20T08:45:00+08:00 (RFC 3339), or `never`".to_owned()
        }),
    }
}

fn overlap(text: &str) -> Result<Overlap, String> {
    const MOST: std::time::Duration = std::time::Duration::from_hours(7 * 24);
    if text == "0" {
        return Ok(Overlap(std::time::Duration::ZERO));
    }
    let parsed = humantime_serde::re::humantime::parse_duration(text).ok();
    parsed
        .filter(|overlap| *overlap <= MOST)
        .map(Overlap)
        .ok_or_else(|| "expected 0 to 7 days, such as 24h".to_owned())
}

#[derive(Debug, Subcommand)]
enum TopCommand {
    /// Call a read method once, signed, and print the response
    ///
    /// Write methods are refused: writes must be journaled, and this command has no journal.
    Call(TopCallArgs),
}

/// The configuration file.
#[derive(Debug, Clone, Args)]
struct ConfigArgs {
    /// The configuration file (TOML). The environment can set every key instead
    #[arg(long, short, value_name = "FILE", env = "GATEWAY_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SandboxArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The address the TOP simulator listens on; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    simulator_listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
struct TopSimulatorArgs {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: std::net::SocketAddr,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
struct OpenapiArgs {
    /// Print the catalogue of problems instead, as Markdown
    #[arg(long)]
    problems: bool,
}

#[derive(Debug, Args)]
struct CheckConfigArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Check the configuration of `sandbox` instead of that of `serve`
    #[arg(long)]
    sandbox: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  TOP_APP_SECRET=helloworld fliggy-gateway sign --sign-method md5 \\
      --param method=taobao.item.seller.get --param app_key=12345678 --param v=2.0 \\
      --param sign_method=md5 --param 'timestamp=2016-01-01 12:00:00'

  Check the signature of a recorded request body:
  fliggy-gateway sign --secret-file secret.txt --form 'app_key=12345678&v=2.0&sign=ABC…'")]
struct SignArgs {
    /// The file that contains the app secret; the default is the variable TOP_APP_SECRET
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// How to sign: hmac-sha256, hmac or md5; the default is the value of the parameter `sign_method`
    #[arg(long, value_name = "METHOD")]
    sign_method: Option<crate::top::sign::SignMethod>,
    /// A parameter before URL encoding; repeatable
    #[arg(long = "param", short, value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// Parameters as in a request body or query (URL encoded)
    #[arg(long, value_name = "FORM")]
    form: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  fliggy-gateway top call alitrip.flight.service.queryorderdetail --config gateway.toml \\
      --json '{\"order_id\": 1234567890}'")]
struct TopCallArgs {
    /// The TOP method, such as alitrip.flight.service.queryorderdetail
    method: String,
    #[command(flatten)]
    config: ConfigArgs,
    /// The purchasing account; without it, the default account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// An application parameter; repeatable
    #[arg(long = "param", short, value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// The method's one object parameter, as JSON
    #[arg(long, value_name = "JSON")]
    json: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected NAME=VALUE".to_owned())
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// The configuration is invalid; exit status 2.
    Config(ConfigError),
    /// The arguments are invalid; exit status 2.
    Usage(String),
    /// The command failed; exit status 1.
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl Failure {
    fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs the command given on the command line.
pub fn run() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (text, status) = match failure {
                Failure::Config(error) => (error.to_string(), 2),
                Failure::Usage(text) => (text, 2),
                Failure::Failed(error) => (chain(&*error), 1),
            };
            note(&text);
            ExitCode::from(status)
        }
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::TopSimulator(args) => top_simulator::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::CheckConfig(args) => check_config::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Top(TopCommand::Call(args)) => top_call::run(&args),
        Command::Keys(command) => keys::run(&command),
    }
}

impl ConfigArgs {
    /// Loads the configuration from the file and the environment of the process.
    fn load(&self, profile: Profile) -> Result<Config, ConfigError> {
        // Variables of the gateway are Unicode; skip others.
        let env = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Config::load(self.config.as_deref().map(Path::new), env, profile)
    }
}

/// An error with its chain of causes, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Transparent wrappers repeat the text of their cause.
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// Prints a line to standard error. If standard error is closed, the line is lost.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "fliggy-gateway: {text}");
}

/// Prints to standard output. A closed pipe (`| head`) is not a failure.
fn print(text: &str) -> Result<(), Failure> {
    match print_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

/// Prints to standard output what must not be lost. A closed pipe is an error too.
fn print_all(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Runs a command that needs the asynchronous runtime.
fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_definition_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_has_a_first_example_configuration_and_exit_status() {
        let help = Cli::command().render_long_help().to_string();
        for part in [
            "fliggy-gateway sandbox",
            "GATEWAY__SECTION__KEY",
            "Exit status",
        ] {
            assert!(help.contains(part), "{help}");
        }
    }
}
