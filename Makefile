# Undertone. `make` alone lists what there is. Each recipe first sets up what it misses.

TRUNK        := 0.21.14
# The command line tool must have exactly the version of the library.
WASM_BINDGEN := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/[^0-9.]//gp;}' Cargo.lock)
WASM_TARGET  := wasm32-unknown-unknown
NPM_TOOLS    := target/npm
NPM_TESTS    := target/npm-tests
AXE          := 4.14.1
PORT         := 8080
BASE         := sentence-transformers/all-MiniLM-L6-v2
OUTPUT       := runs/own
# Of the benchmark: the peers' versions, the texts, and how often each contender reads them.
ONNXRUNTIME  := 1.30.0
TRANSFORMERS := 4.3.1
BENCH        := target/bench
PICTURES     := target/pictures
TEXTS        := trainer/data/original-corpus/data.jsonl
ROUNDS       := 5

# The second attempt is for registry mirrors that lack a version of the tool's own lock file.
install = cargo install -q --locked $(1) --version $(2) || cargo install -q $(1) --version $(2)

export PATH := $(CURDIR)/$(NPM_TOOLS)/node_modules/.bin:$(HOME)/.cargo/bin:$(PATH)

.PHONY: help serve dist test train bench fixture screenshot pictures tools test-tools clean

help: ## List the recipes
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F '|' '{ printf "%-20s%s\n", $$1, $$2 }'

serve: dist ## Build the app and serve it at http://localhost:8080 (PORT=...)
	cargo run -q -p undertone-tests --bin serve -- --port $(PORT) dist

dist: tools ## Build the app into dist/, ready for any static host
	trunk build --release

test: test-tools ## Check formatting, lints and documentation; run all tests, those in the browser too
	sh tests/run.sh

train: ## Distil a student from trainer/data alone into runs/own (BASE=..., OUTPUT=...)
	cargo run --release -p undertone-trainer -- train --data trainer/data/original-corpus \
	  --data trainer/data/emotion-lexicon --base $(BASE) --output $(OUTPUT)

bench: test-tools dist ## Measure Undertone beside its peers, in a browser and natively (ROUNDS=5, TEXTS=...)
	@sh tests/bench/setup.sh $(ONNXRUNTIME) $(TRANSFORMERS)
	cargo build -q --release -p undertone-trainer
	cargo run -q -p undertone-tests --bin bench -- texts --texts $(TEXTS) $(BENCH)/texts.jsonl
	$(BENCH)/venv/bin/python tests/bench/export.py --texts $(BENCH)/texts.jsonl --output $(BENCH)
	cargo run -q -p undertone-tests --bin bench -- run --rounds $(ROUNDS) --json $(BENCH)/browser.json
	$(BENCH)/venv/bin/python tests/bench/native.py --rounds $(ROUNDS) --json $(BENCH)/native.json
	cargo run -q -p undertone-tests --bin bench -- page

fixture: ## Make the tiny student of the tests anew (BASE=a folder with its tokenizer.json)
	sh tests/fixtures/make.sh $(BASE)

screenshot: test-tools dist ## Take docs/screenshot.png of the app in dist/
	cargo run -q -p undertone-tests --bin screenshot -- dist one docs/screenshot.png

pictures: test-tools dist ## Take pictures of every view, large and small, light and dark (PICTURES=target/pictures)
	cargo run -q -p undertone-tests --bin screenshot -- dist all $(PICTURES)

clean: ## Remove everything that was built here
	rm -rf dist target

tools:
	@test -d "$$(rustc --print sysroot)/lib/rustlib/$(WASM_TARGET)" || rustup target add $(WASM_TARGET)
	@trunk --version 2>&1 | grep -q '^trunk 0\.21\.' || { \
	  echo "Installing trunk $(TRUNK): once, some 5 to 10 minutes."; \
	  $(call install,trunk,$(TRUNK)); }
	@wasm-bindgen --version 2>&1 | grep -q '^wasm-bindgen $(WASM_BINDGEN)$$' || { \
	  echo "Installing wasm-bindgen-cli $(WASM_BINDGEN): once, some 2 to 4 minutes."; \
	  $(call install,wasm-bindgen-cli,$(WASM_BINDGEN)); }
	@command -v wasm-opt >/dev/null || ! command -v npm >/dev/null || { \
	  echo "Installing wasm-opt (npm's binaryen), which makes the WASM smaller and faster."; \
	  npm install --silent --no-save --no-audit --no-fund --prefix $(NPM_TOOLS) binaryen || true; }

test-tools: tools
	@sh tests/chromium.sh
	@sh tests/firefox.sh
	@test -d $(NPM_TESTS)/node_modules/axe-core || ! command -v npm >/dev/null || { \
	  echo "Installing axe-core, which looks for what keeps people out."; \
	  npm install --silent --no-save --no-audit --no-fund --prefix $(NPM_TESTS) axe-core@$(AXE) || true; }
