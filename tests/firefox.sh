#!/bin/sh
# Firefox and geckodriver, for the engine's tests in a second browser. Without them those are left out.
set -u

present() {
    command -v geckodriver >/dev/null && { command -v firefox || command -v firefox-esr; } >/dev/null
}

present && exit 0
root=
[ "$(id -u)" -eq 0 ] || root='sudo -n'
if ! command -v firefox >/dev/null && ! command -v firefox-esr >/dev/null && command -v apt-get >/dev/null && $root true 2>/dev/null; then
    echo "Installing firefox-esr."
    $root apt-get update -qq
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends firefox-esr >/dev/null
fi
if ! command -v geckodriver >/dev/null; then
    echo "Installing geckodriver: once, some 3 minutes."
    cargo install -q --locked geckodriver || cargo install -q geckodriver
fi
present || echo "There is no Firefox, or no geckodriver, on PATH: the engine is tested in Chromium only." >&2
exit 0
