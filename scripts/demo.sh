#!/usr/bin/env bash
# Starts the server, loads samples/acts, asks questions and transcribes samples/calls through the API; leaves the server on.
#   DEMO_KEEP=0   stop the server at the end (CI)
#   DEMO_PORT=N   listen on another port than 8000
# Run through `make demo`, which sets everything up first.
set -euo pipefail
source "$(dirname "$0")/common.sh"

port=${DEMO_PORT:-8000}
url=http://127.0.0.1:$port
pid_file=$DATA_DIR/demo-server.pid
log=$DATA_DIR/demo-server.log
export QORGAN_SERVER__HOST=127.0.0.1 QORGAN_SERVER__PORT=$port

python() { "$VENV/bin/python" "$@"; }

ours() { # whether process $1 is a server that a run of this script started
  [[ -r /proc/$1/cmdline ]] && tr '\0' ' ' <"/proc/$1/cmdline" | grep 'qorgan serve' >/dev/null
}

stop_server() {
  local pid
  pid=$(<"$pid_file")
  if ours "$pid"; then
    kill "$pid"
    for _ in $(seq 100); do
      ours "$pid" || break
      sleep 0.1
    done
    ours "$pid" && kill -9 "$pid"
  fi
  rm -f "$pid_file"
}

mkdir -p "$DATA_DIR"
[[ ! -f $pid_file ]] || stop_server

if ! python -c 'import socket, sys; socket.socket().bind(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null; then
  # A port that was just left may be in TIME_WAIT: only one that answers is taken.
  if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    die "port $port is taken by another program; stop it or choose another: DEMO_PORT=8001 make demo"
  fi
fi

say "starting the server on $url, which loads its model first (log: $log)"
nohup "$VENV/bin/qorgan" serve >"$log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$pid_file"
keep=${DEMO_KEEP:-1}
trap '[[ $keep == 1 ]] || stop_server' EXIT

ready=0
for _ in $(seq 240); do
  if python -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)' "$url/readyz" 2>/dev/null; then
    ready=1
    break
  fi
  if ! kill -0 "$pid" 2>/dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$pid_file"
    keep=1
    die "the server stopped; the end of its log is above"
  fi
  sleep 0.5
done
if [[ $ready != 1 ]]; then
  tail -n 30 "$log" >&2
  keep=0
  die "the server did not get ready; the end of its log is above"
fi

if ! python scripts/demo_client.py "$url"; then
  keep=0
  die "the demonstration failed; the server's log: $log"
fi

if [[ $keep == 1 ]]; then
  say "the server stays on $url: open it in a browser and log in as admin; stop it with: kill $pid"
fi
