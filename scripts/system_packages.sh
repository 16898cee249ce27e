#!/usr/bin/env bash
# Installs Debian's packages the service and its tests use, where this is root on Debian or Ubuntu; elsewhere says what
# is missing and what will be skipped. Asks the network nothing when all is there.
set -euo pipefail
source "$(dirname "$0")/common.sh"

# package | what shows that it is there | what is skipped without it
readonly NEEDS=(
  "python3-venv|module:venv|nothing can be installed"
  "tesseract-ocr|command:tesseract|scanned pages are not read, and the OCR tests are skipped"
  "tesseract-ocr-rus|tessdata:rus|scanned pages in Russian are not read"
  "tesseract-ocr-kaz|tessdata:kaz|scanned pages in Kazakh are not read"
  "tesseract-ocr-eng|tessdata:eng|scanned pages in English are not read"
  "tesseract-ocr-osd|tessdata:osd|pages scanned upside down are not turned"
  "poppler-utils|command:pdftotext|nothing but a tool for looking into PDF files"
  "fonts-dejavu-core|file:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf|tests that draw scanned pages are skipped"
  "postgresql|postgresql|storage and jobs are tested on SQLite only"
  "chromium|browser|the tests of the pages are skipped"
)

present() {
  case $1 in
    command:*) command -v "${1#command:}" >/dev/null ;;
    module:*) "${PYTHON:-python3}" -c 'import venv, ensurepip' 2>/dev/null ;;
    # Not `| grep -q`: it would close the pipe early and fail the whole under pipefail.
    tessdata:*) [[ " $(tesseract --list-langs 2>/dev/null | tr '\n' ' ') " == *" ${1#tessdata:} "* ]] ;;
    file:*) [[ -e ${1#file:} ]] ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    browser) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
    *) die "scripts/system_packages.sh: no such check: $1" ;;
  esac
}

missing=()
find_missing() {
  missing=()
  local need package check
  for need in "${NEEDS[@]}"; do
    IFS='|' read -r package check _ <<<"$need"
    present "$check" || missing+=("$package")
  done
}

find_missing
((${#missing[@]})) || exit 0

if ((EUID == 0)) && command -v apt-get >/dev/null; then
  say "installing system packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || warn "apt-get update failed; trying with the lists that are here"
  # One by one after a failure: a package that a release does not have must not keep out the others.
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    for package in "${missing[@]}"; do
      apt-get install -y -qq --no-install-recommends "$package" >/dev/null || warn "apt-get could not install $package"
    done
  find_missing
fi

((${#missing[@]})) || exit 0
warn "missing, to be installed by an administrator: apt-get install ${missing[*]}"
for need in "${NEEDS[@]}"; do
  IFS='|' read -r package check skipped <<<"$need"
  present "$check" || warn "  without $package: $skipped"
done
