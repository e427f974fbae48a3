#!/bin/sh
# Every check and every suite; ends with one line, "N passed, N failed". `make test` sets up
# what this needs.
set -u
cd "$(dirname "$0")/.."

# Native, WASM and browser tests share the builds of `make dist` and of each other.
wasm='--target wasm32-unknown-unknown'
native='--workspace --features undertone-app/postbuild'

export CHROMEDRIVER="$(command -v chromedriver)"
export WASM_BINDGEN_TEST_WEBDRIVER_JSON="$PWD/tests/webdriver.json"

passed=0
failed=0
failures=
output=$(mktemp)
trap 'rm -f "$output" "$output.code"' EXIT

run() {
    printf '\n== %s\n' "$1"
    shift
    { "$@" 2>&1; echo $? >"$output.code"; } | tee "$output"
    code=$(cat "$output.code")
}

count() { # name, passed, failed
    passed=$((passed + $2))
    failed=$((failed + $3))
    [ "$3" -eq 0 ] || failures="$failures
  $1"
}

# One thing that holds or does not.
check() {
    run "$@"
    if [ "$code" -eq 0 ]; then count "$1" 1 0; else count "$1" 0 1; fi
}

# Tests that count themselves. A suite that breaks off, or runs nothing, has failed.
suite() {
    run "$@"
    set -- "$1" $(awk '/^test result: / { p += $4; f += $6 } END { print p + 0, f + 0 }' "$output")
    if [ "$3" -eq 0 ] && { [ "$code" -ne 0 ] || [ "$2" -eq 0 ]; }; then set -- "$1" "$2" 1; fi
    count "$@"
}

check 'formatting' cargo fmt --all --check
check 'lints' cargo clippy -q $native --all-targets -- -D warnings
check 'lints of the page, as WASM' \
    cargo clippy -q $wasm -p undertone-app --no-default-features --features ui -- -D warnings
check 'lints of the worker, as WASM' \
    cargo clippy -q $wasm -p undertone-app --no-default-features --features relaxed-simd -- -D warnings
check "lints of the benchmark's candle, as WASM" \
    cargo clippy -q $wasm -p undertone-tests --no-default-features --features candle-peer --bin candle -- -D warnings
check 'documentation' env RUSTDOCFLAGS='-D warnings' cargo doc -q $native --no-deps
check 'the app is built, within its size' make dist
suite 'tests, native and in the browser' cargo test -q $native --no-fail-fast
# The engine's own tests, in both builds and in every browser there is.
engine="$wasm --profile web -p undertone-tests --no-default-features --test parity --test kernels"
suite 'tests as WASM' cargo test $engine
suite 'tests as WASM, with relaxed SIMD' cargo test $engine --features undertone-core/relaxed-simd
if command -v geckodriver >/dev/null; then
    firefox="env -u CHROMEDRIVER -u WASM_BINDGEN_TEST_WEBDRIVER_JSON GECKODRIVER=$(command -v geckodriver)"
    suite 'tests as WASM, in Firefox' $firefox cargo test $engine
    suite 'tests as WASM, in Firefox, with relaxed SIMD' $firefox cargo test $engine --features undertone-core/relaxed-simd
fi

[ -z "$failures" ] || printf '\nFailed:%s\n' "$failures"
printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
