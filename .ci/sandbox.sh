# Starts and stops a sandbox on free ports. Source it from the project's directory with `binary` set.

work=$(mktemp -d)
pid=
stop() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=
  fi
}
trap 'stop; rm -rf "$work"' EXIT

# Starts a sandbox with this name and sets `url`. Further arguments go into its environment.
start() {
  env GATEWAY__SERVER__LISTEN=127.0.0.1:0 \
    GATEWAY__STORE__URL="sqlite://$work/$1.db" \
    GATEWAY__TOP__QUOTA__REQUESTS_PER_SECOND=2000 GATEWAY__TOP__QUOTA__BURST=2000 \
    "${@:2}" "$binary" sandbox --simulator-listen 127.0.0.1:0 >"$work/$1.log" 2>&1 &
  pid=$!
  url=
  for _ in $(seq 100); do
    url=$(grep -som1 'http://127.0.0.1:[0-9]*/swagger-ui' "$work/$1.log" || true)
    url=${url%/swagger-ui}
    if [ -n "$url" ] && curl -fsS -o "$work/ready" "$url/readyz" 2>/dev/null; then
      return
    fi
    kill -0 "$pid" || break
    sleep 0.1
  done
  cat "$work/$1.log" >&2
  exit 1
}
