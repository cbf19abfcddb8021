# Shortcuts; every recipe is one command that also works without just. `just --list` shows them.

# list the recipes
default:
    @just --list

# run the gateway with a TOP simulator: no credentials, no real money
run *ARGS:
    cargo run --release -- sandbox {{ ARGS }}

# run all tests, or the selected ones: just test --test readme
test *ARGS:
    cargo test {{ ARGS }}

# everything that CI runs
ci:
    .ci/run

# format the code
fmt:
    cargo fmt

# clippy on everything, warnings are errors
lint:
    cargo clippy --all-targets -- -D warnings

# write the OpenAPI document and the catalogue of problems
openapi:
    cargo run -- openapi > openapi/gateway.json && cargo run -- openapi --problems > openapi/problems.md

# check the files of the TOP contract
contract:
    python3 openapi/top/check.py openapi/top

# fuzz the API of a sandbox
schemathesis:
    .ci/schemathesis

# read the documentation of the code
doc:
    cargo doc --no-deps --open

# run a benchmark (sign, envelope, search, load) with its arguments: just bench load -- detail
bench NAME *ARGS:
    cargo bench --bench {{ NAME }} {{ ARGS }}

# check a configuration file
check-config FILE:
    cargo run -- check-config --config {{ FILE }}

# build the container image
image:
    docker build -t fliggy-gateway .
