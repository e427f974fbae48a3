#!/bin/sh
# Chromium and a chromedriver of the same version, for the tests that run in a browser.
set -eu

present() {
    command -v chromedriver >/dev/null && { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
}

present && exit 0
root=
[ "$(id -u)" -eq 0 ] || root='sudo -n'
if command -v apt-get >/dev/null && $root true 2>/dev/null; then
    echo "Installing chromium and chromium-driver."
    $root apt-get update -qq
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium chromium-driver >/dev/null
fi
present || {
    echo "The tests drive a browser: install Chromium (or Chrome) and the chromedriver of the same version, and have both on PATH." >&2
    exit 1
}
