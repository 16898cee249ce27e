# shellcheck shell=bash
# What the scripts share; to be sourced. Puts the caller in the root of the checkout.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# shellcheck disable=SC2034
readonly VENV=.venv
DATA_DIR=${QORGAN_DATA_DIR:-data}
export QORGAN_DATA_DIR=$DATA_DIR

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
warn() { printf '\033[33m==> %s\033[0m\n' "$*" >&2; }
die() {
  printf '\033[31m==> %s\033[0m\n' "$*" >&2
  exit 1
}
