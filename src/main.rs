//! The `fliggy-gateway` command.

use std::process::ExitCode;

// Pays on large answers: a search answer is thousands of small strings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fliggy_gateway::cli::run()
}
