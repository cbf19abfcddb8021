//! `check-config`.

use super::{CheckConfigArgs, Failure, print};
use crate::config::Profile;

pub(super) fn run(args: &CheckConfigArgs) -> Result<(), Failure> {
    let profile = if args.sandbox {
        Profile::Sandbox
    } else {
        Profile::Serve
    };
    let config = args.config.load(profile)?;
    print(&config.redacted()?)
}
