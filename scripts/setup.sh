#!/usr/bin/env bash
# All that `make demo` and `make test` need on a bare machine. Safe to repeat; quick when nothing has changed.
set -euo pipefail
source "$(dirname "$0")/common.sh"

scripts/system_packages.sh
scripts/install.sh
mkdir -p "$DATA_DIR"

# Weights are fetched when the manifest has changed; `models pull` itself skips what is here and verifies it.
stamp=$DATA_DIR/.models-pulled
wanted=$(sha256sum core/models/manifest.yaml | cut -d' ' -f1)
if [[ ! -f $stamp || $(<"$stamp") != "$wanted" ]]; then
  say "fetching models"
  "$VENV/bin/qorgan" models pull
  printf '%s' "$wanted" >"$stamp"
fi
