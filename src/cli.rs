//! The command line.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, Profile};

mod check_config;
mod openapi;
mod sandbox;
mod serve;
mod sign;
mod top_call;
mod top_simulator;

/// REST gateway to Fliggy's domestic flight purchasing API (新京杭) on the Taobao Open Platform (TOP)
///
/// Internal apps see a clean JSON API; TOP sees signed, paced calls. A booking or payment that did
/// not answer in time is not guessed about: it is journaled, sent at most once, and looked for until
/// its outcome is known.
#[derive(Debug, Parser)]
#[command(name = "fliggy-gateway", version, max_term_width = 100, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  Try everything on your own machine, without credentials; then open the address it prints:
      fliggy-gateway sandbox

  Check a configuration, then run it:
      fliggy-gateway check-config --config gateway.toml
      fliggy-gateway serve --config gateway.toml

  Keep secrets out of the file:
      GATEWAY__TOP__APP_SECRET_FILE=/run/secrets/top fliggy-gateway serve --config gateway.toml

Configuration: built-in defaults < file (TOML) < environment GATEWAY__SECTION__KEY, for example
GATEWAY__SERVER__LISTEN=0.0.0.0:8080 or GATEWAY__ACCOUNTS__DEFAULT__SESSION=…
`check-config` prints every key with the value in force.

Exit status: 0 done, 1 failed, 2 the command line or the configuration is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    ///
    /// Stops on SIGTERM or SIGINT: takes no new work, lets what is under way end within
    /// `server.shutdown_grace`, and closes the journal last. A second signal stops at once; nothing
    /// is lost by it, since every write was journaled before it was sent.
    Serve(ConfigArgs),
    /// Run the gateway with a stand-in for TOP, on loopback and without credentials
    ///
    /// Gateway, journal and stand-in in one process on embedded defaults. Prints where to click and
    /// what to try: book, pay, make a payment time out on purpose, and watch the gateway find out
    /// that it was made.
    Sandbox(SandboxArgs),
    /// Run the stand-in for TOP alone, for tests of other programs
    ///
    /// Checks signature, timestamp, session and contract as TOP does, keeps orders in a ledger, and
    /// injects faults that are scripted by HTTP or by magic values.
    TopSimulator(TopSimulatorArgs),
    /// Print the OpenAPI document, or the catalogue of problems
    Openapi(OpenapiArgs),
    /// Print the configuration in force, secrets masked, or everything that is wrong with it
    CheckConfig(CheckConfigArgs),
    /// Show what is signed of a TOP call, and the signature
    ///
    /// For support cases: compare the text and the signature with what another client made of the
    /// same parameters. The secret and the session are shown as `***`, the signature is the real one.
    Sign(SignArgs),
    /// Call TOP directly
    #[command(subcommand)]
    Top(TopCommand),
}

#[derive(Debug, Subcommand)]
enum TopCommand {
    /// Make one signed call of a reading method and print the answer
    ///
    /// Methods that write are refused: what they do must be journaled, and this is not.
    Call(TopCallArgs),
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
struct ConfigArgs {
    /// The configuration, in TOML. Everything in it can be set in the environment instead
    #[arg(long, short, value_name = "FILE", env = "GATEWAY_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct SandboxArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the stand-in for TOP listens; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    simulator_listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
struct TopSimulatorArgs {
    /// Where to listen
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
    /// Check what `sandbox` would run instead of what `serve` would
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
    /// The file that holds the app secret; without it, the variable TOP_APP_SECRET is read
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// How to sign: hmac-sha256, hmac or md5; by default what the parameter `sign_method` says
    #[arg(long, value_name = "METHOD")]
    sign_method: Option<crate::top::sign::SignMethod>,
    /// A parameter, as it is before URL encoding; once for each
    #[arg(long = "param", short, value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// Parameters as they stand in a request body or query (URL encoded)
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
    /// The purchasing account to call for; by default the default one
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// An application parameter; once for each
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

/// Why a command ended without what it was asked for.
#[derive(Debug)]
enum Failure {
    /// The configuration is wrong; exit status 2.
    Config(ConfigError),
    /// What was asked for is wrong; exit status 2.
    Usage(String),
    /// It failed; exit status 1.
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

/// Runs the command that the process was called with.
pub fn run() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (text, status) = match failure {
                Failure::Config(error) => (error.to_string(), 2),
                Failure::Usage(text) => (text, 2),
                Failure::Failed(error) => (chain(&*error), 1),
            };
            // Nothing can be done if standard error is closed.
            let _ = writeln!(std::io::stderr(), "fliggy-gateway: {text}");
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
    }
}

impl ConfigArgs {
    /// Reads the configuration with the environment of the process over it.
    fn load(&self, profile: Profile) -> Result<Config, ConfigError> {
        // A variable that is not Unicode cannot be one of ours.
        let env = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Config::load(self.config.as_deref().map(Path::new), env, profile)
    }
}

/// An error with everything that caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Transparent wrappers say the same again.
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// Prints to standard output. A reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
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
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_tells_where_to_begin() {
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
