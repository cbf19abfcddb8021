# syntax=docker/dockerfile:1
# Build: docker build -t fliggy-gateway .

FROM rust:1.95-slim AS build
# aws-lc and SQLite are compiled from C.
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin fliggy-gateway \
    && cp target/release/fliggy-gateway /usr/local/bin/fliggy-gateway

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home gateway \
    && install -d -o gateway -g gateway -m 0700 /data
COPY --from=build /usr/local/bin/fliggy-gateway /usr/local/bin/fliggy-gateway
USER gateway
# The journal. It must outlive the container: see docs/operations.md.
VOLUME /data
ENV GATEWAY__STORE__URL=sqlite:///data/journal.db
EXPOSE 8080
STOPSIGNAL SIGTERM
# No HEALTHCHECK: the image has no HTTP client. The orchestrator asks GET /livez and GET /readyz.
ENTRYPOINT ["/usr/local/bin/fliggy-gateway"]
CMD ["serve", "--config", "/etc/fliggy-gateway/gateway.toml"]
