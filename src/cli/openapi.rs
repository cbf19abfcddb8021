//! `openapi`.

use super::{Failure, OpenapiArgs, print};
use crate::api;

pub(super) fn run(args: &OpenapiArgs) -> Result<(), Failure> {
    if args.problems {
        return print(&api::problem::catalogue());
    }
    let document = api::openapi().to_pretty_json().map_err(Failure::failed)?;
    print(&format!("{document}\n"))
}
