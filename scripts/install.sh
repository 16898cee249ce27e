#!/usr/bin/env bash
# Makes .venv and installs the service in it with pinned versions. Does nothing when what is pinned has not changed.
#
# pip's own configuration decides where packages come from. Where the default index serves a CUDA build of torch and
# none is wanted, name an index of CPU builds: PIP_EXTRA_INDEX_URL=... make setup (README.md, "Installing").
set -euo pipefail
source "$(dirname "$0")/common.sh"

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "no Python 3.11 or newer found; install one, or name it: PYTHON=/path/to/python3.12 make setup"
}

stamp=$VENV/.qorgan-installed
wanted=$(cat pyproject.toml constraints.txt | sha256sum | cut -d' ' -f1)
if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
  exit 0
fi

if [[ ! -x $VENV/bin/python ]]; then
  python=$(find_python)
  say "making $VENV with $("$python" --version)"
  if ! "$python" -m venv "$VENV"; then
    rm -rf "$VENV"
    die "the virtual environment could not be made; install Python's venv (apt-get install python3-venv) and repeat"
  fi
fi

say "installing pinned packages (some minutes the first time)"
pip=("$VENV/bin/python" -m pip --disable-pip-version-check install --quiet -c constraints.txt)
# torch by itself first: an operator sees at once which build their index gives.
"${pip[@]}" "$(grep -m1 '^torch==' constraints.txt)"
"${pip[@]}" -e '.[dev]'
printf '%s' "$wanted" >"$stamp"
