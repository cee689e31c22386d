# Shortcuts; the work is in deploy/ and tests/. PRESET=dev|release|asan|tsan, LABEL=unit|…
PRESET ?= dev
SEEDS ?= 20
FROM ?= 1
MINUTES ?= 10

.PHONY: help build test check fix bench bench-peers fuzz sim sim-bugs torture injections regulation bare clean
help:
	@echo "build        configure and build everything (PRESET=$(PRESET))"
	@echo "test         the whole suite; LABEL=… for a part of it"
	@echo "check        the quick part: lint, unit, scenario"
	@echo "fix          format every source"
	@echo "bench        measure, into build/bench.json; NAMES=\"hash live\" for some"
	@echo "bench-peers  measure the databases that we compare with"
	@echo "fuzz         each fuzz target for FUZZ_SECONDS (20)"
	@echo "sim          simulate federations: SEEDS=n FROM=s"
	@echo "sim-bugs     show that the simulator finds each bug that can be put in"
	@echo "torture      kill -9 of four processes at random: MINUTES=n"
	@echo "injections   EIO and kill -9 at each system call on the data folder: SAMPLE=n FROM=seed"
	@echo "regulation   one line per row of the regulation, with its tests"
	@echo "bare         quickstart and test on a bare Debian 12 (chroot, root)"
	@echo "clean        delete what builds made"
build:
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)
test:
	deploy/test --preset $(PRESET) $(if $(LABEL),--label $(LABEL))
check:
	deploy/test --preset $(PRESET) --label lint --label unit --label scenario
fix:
	git ls-files -z --cached --others --exclude-standard '*.h' '*.cc' | xargs -0 clang-format-19 -i
fuzz:
	tests/fuzz/run
bare:
	deploy/bare
bench:
	cmake --preset release -DTJ_TESTS=ON
	cmake --build --preset release --target tj_bench tj_load tongjiand tongjianctl
	tests/bench/run.py $(if $(NAMES),--names $(NAMES))
bench-peers:
	cmake --preset release -DTJ_TESTS=ON
	cmake --build --preset release --target tj_bench tj_load tongjiand tongjianctl
	tests/bench/peers.py
sim:
	cmake --preset release -DTJ_TESTS=ON
	cmake --build --preset release --target tj_sim
	build/release/bin/tj_sim --seeds $(SEEDS) --from $(FROM) --jobs $(shell nproc)
sim-bugs:
	cmake --preset release -DTJ_TESTS=ON
	cmake --build --preset release --target tj_sim
	tests/sim/find_bugs
torture: build
	TJ_BIN_DIR=build/$(PRESET)/bin /usr/bin/python3 -B tests/e2e/torture.py --minutes $(MINUTES) --seed $(FROM)
injections: build
	TJ_BIN_DIR=build/$(PRESET)/bin /usr/bin/python3 -B tests/e2e/injections.py $(if $(SAMPLE),--sample $(SAMPLE)) --seed $(FROM)
regulation:
	@echo "make $@: nothing is behind this yet" >&2; exit 1
clean:
	rm -rf --one-file-system build/dev build/release build/asan build/tsan build/fuzz
