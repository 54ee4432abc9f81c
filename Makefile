# What a person types; `make help` lists it. CMake does the building (CMakePresets.json).
.DEFAULT_GOAL := help
.PHONY: help demo test test-arm bench bench-micro bench-programs bench-peers format lint docs install clean packages packages-dev configure program all

BUILD := build/release
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
# More options for the demo's `harmonium run`, e.g. make demo DEMO_ARGS="--set train.epochs=2"
DEMO_ARGS ?=
DEMO_RECIPE := recipes/mnist-dbn.toml
DEMO_OUT := runs/mnist-dbn
# More options for ctest, e.g. make test TEST_ARGS="-R Philox", and for the comparison (or the micro benchmarks), e.g.
# make bench BENCH_ARGS="--shapes 784x500x100 --rounds 1"
TEST_ARGS ?=
BENCH_ARGS ?=

help: ## this list
	@echo "make demo     train a deep belief net on the MNIST digits and write a report (about 5 minutes)"
	@echo "make test     build everything and run every test"
	@echo "make test-arm cross-build for aarch64 and run the unit tests under qemu"
	@echo "make bench    compare with PyTorch, scikit-learn and others; writes build/bench/table.md (about 40 minutes)"
	@echo "make bench-micro  the small benchmarks: random numbers, passes"
	@echo "make install  install below PREFIX (default $(PREFIX))"
	@echo "make docs     API pages from the headers, in build/docs/html"
	@echo "make format   format all C++ files"
	@echo "make lint     clang-tidy on what changed (make lint LINT_ARGS=--all: on everything)"
	@echo "make clean    remove build/ (runs/ stays)"
	@echo "Missing packages are installed first (scripts/install-dependencies.sh)."

packages:
	@scripts/install-dependencies.sh

packages-dev:
	@scripts/install-dependencies.sh --dev

configure: packages
	@cmake --preset release -DHARMONIUM_BENCHMARKS=OFF --log-level=WARNING >/dev/null

program: configure
	@cmake --build $(BUILD) --parallel $(JOBS) --target harmonium_program

all: configure
	@cmake --build $(BUILD) --parallel $(JOBS)

demo: program
	$(BUILD)/bin/harmonium run $(DEMO_RECIPE) --out $(DEMO_OUT) --resume $(DEMO_ARGS)

test: all
	@scripts/run-tests.sh $(BUILD) $(TEST_ARGS)

test-arm:
	@scripts/test-arm.sh $(TEST_ARGS)

bench-programs: packages
	@cmake --preset release -DHARMONIUM_BENCHMARKS=ON --log-level=WARNING >/dev/null
	@cmake --build $(BUILD) --parallel $(JOBS) --target harmonium_program harmonium_benchmarks products_of_a_batch round_trip

bench-peers: packages
	@scripts/install-benchmark-peers.sh

bench: bench-programs bench-peers
	@python3 benchmarks/compare/compare.py $(BENCH_ARGS)

bench-micro: bench-programs
	$(BUILD)/bin/harmonium_benchmarks $(BENCH_ARGS)

install: program
	cmake --install $(BUILD) --prefix $(PREFIX)

format: packages-dev
	@scripts/format.sh

lint: packages-dev configure
	@scripts/lint.sh $(LINT_ARGS)

docs: packages-dev
	@mkdir -p build/docs
	@HARMONIUM_VERSION=$$(sed -n 's/^project(harmonium VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt) doxygen docs/Doxyfile
	@echo "build/docs/html/index.html"

clean:
	rm -rf build
