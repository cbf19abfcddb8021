//! The `fliggy-gateway` command.

use std::process::ExitCode;

// mimalloc speeds up large responses: a search response consists of thousands of small strings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fliggy_gateway::cli::run()
}
