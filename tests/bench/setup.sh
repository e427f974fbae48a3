#!/bin/sh
# What `make bench` needs, into target/bench: the peers of npm, Python with onnxruntime, and candle as a module.
#   sh tests/bench/setup.sh <version of onnxruntime-web> <version of @huggingface/transformers>
set -eu
cd "$(dirname "$0")/../.."
made=target/bench
mkdir -p "$made"

# A folder of their own: npm takes away what it was not asked for in the same breath.
peers="onnxruntime-web@$1 @huggingface/transformers@$2"
if [ "$(cat "$made/npm/peers" 2>/dev/null)" != "$peers" ]; then
    if ! command -v npm >/dev/null; then
        echo "There is no npm here (Debian: apt-get install npm): onnxruntime-web and transformers.js will be left out." >&2
    else
        echo "Installing $peers."
        # Their scripts fetch binaries for node, which nobody runs here.
        if npm install --silent --no-save --no-audit --no-fund --ignore-scripts --omit=optional --prefix "$made/npm" $peers; then
            echo "$peers" >"$made/npm/peers"
        else
            echo "npm could not install $peers: whichever is missing will be left out." >&2
        fi
    fi
fi

requirements=tests/bench/requirements.txt
if ! cmp -s "$requirements" "$made/venv/requirements.txt"; then
    echo "Installing onnxruntime for Python."
    if ! python3 -m venv "$made/venv" || ! "$made/venv/bin/pip" install -q --disable-pip-version-check -r "$requirements"; then
        echo "Nothing can be measured without the vectors in f32, for which Python 3.11 or later with venv and pip" >&2
        echo "(Debian: apt-get install python3-venv) must be able to install $requirements." >&2
        exit 1
    fi
    cp "$requirements" "$made/venv/requirements.txt"
fi

cargo build -q --target wasm32-unknown-unknown --profile web \
    -p undertone-tests --no-default-features --features candle-peer --bin candle
wasm=${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/web/candle.wasm
if [ ! -e "$made/candle/candle.js" ] || [ "$wasm" -nt "$made/candle/candle.js" ]; then
    wasm-bindgen --target web --no-typescript --out-dir "$made/candle" "$wasm"
    # As the app's own (app/src/bin/postbuild.rs), at the level at which candle is fastest alone.
    if command -v wasm-opt >/dev/null; then
        wasm-opt -O3 --enable-bulk-memory --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int \
            --enable-reference-types --enable-sign-ext --enable-simd \
            "$made/candle/candle_bg.wasm" --output "$made/candle/candle_bg.wasm"
    fi
fi
