# `make` alone says what can be done.

SWIFT ?= swift
RELEASE := $(SWIFT) build -c release --static-swift-stdlib
PACKAGES := libssl-dev libsqlite3-dev libedit-dev libfuse3-dev libmicrohttpd-dev fuse3 pkg-config openssl sqlite3 gcc e2fsprogs xfsprogs mount util-linux procps \
	attr git nano rsync unzip vim-tiny zip bash-completion dpkg-dev fish groff-base man-db plocate zsh
# What files are fetched with beside ours, to compare; no test needs it.
BENCH_PACKAGES := nginx-light curl python3-libtorrent iproute2
BENCH_MOUNT_PACKAGES := btfs sshfs rclone openssh-server syncthing
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local
PROGRAMS := .build/release/p2pfs .build/release/tracker

.PHONY: help demo demo-stop setup build test quick-test fuzz sanitize bench bench-tracker bench-swarm bench-mount check format \
	install uninstall package clean

help:
	@echo "make demo           the whole story on this machine, each command before its output (KEEP=1: and leave it, until make demo-stop)"
	@echo "make setup          install the Debian packages that are missing"
	@echo "make build          .build/release/tracker and .build/release/p2pfs, ready to be copied elsewhere"
	@echo "make test           build and run everything: units, fuzzing for seconds, sanitizers, end to end"
	@echo "make quick-test     the unit tests alone"
	@echo "make fuzz           fuzz each parser of network bytes, FUZZ_SECONDS=$(FUZZ_SECONDS) in all"
	@echo "make sanitize       the model's, the lines' and the disk's tests under Thread- and AddressSanitizer"
	@echo "make bench          the three below: writes Benchmarks/RESULTS.md (QUICK=1: RESULTS-quick.md, in five minutes; root)"
	@echo "make bench-tracker  put a tracker under load and print a table (QUICK=1: in half a minute)"
	@echo "make bench-swarm    files between members beside curl and libtorrent: MB/s, CPU, latency (QUICK=1: in two minutes; root)"
	@echo "make bench-mount    reading through a mount beside sshfs, rclone, btfs, ext4 and Syncthing (QUICK=1: in three minutes; root)"
	@echo "make check          formatting, and the imports that the house allows"
	@echo "make format         format all Swift in place"
	@echo "make install        what was built, with manual, completion and units, below PREFIX=$(PREFIX) (and DESTDIR)"
	@echo "make uninstall      takes exactly that away"
	@echo "make package        .build/p2pfs_<version>_<architecture>.deb of what was built"
	@echo "make clean          remove everything that was built"

setup:
	@Scripts/setup.sh $(PACKAGES)

build: setup
	$(RELEASE) --product p2pfs
	$(RELEASE) --product tracker

demo: build
	@Scripts/demo.sh $(if $(KEEP),--keep)

demo-stop:
	@Scripts/demo.sh --stop

test: check build
	$(RELEASE) --product exercise
	@Scripts/promtool.sh .build/tools
	$(SWIFT) build --build-tests
	python3 Scripts/tests.py units
	python3 -B Benchmarks/Product/test_report.py
	Fuzz/run.sh 20
	Scripts/sanitize.sh
	python3 Scripts/tests.py stories

quick-test: setup
	$(SWIFT) test --skip EndToEndTests

fuzz: setup
	Fuzz/run.sh $(FUZZ_SECONDS)

sanitize: setup
	Scripts/sanitize.sh '^(GroupModelTests|LinkTests|MetricsTests|SwarmTests)\.'

bench: build
	@Scripts/setup.sh $(BENCH_PACKAGES) $(BENCH_MOUNT_PACKAGES)
	$(RELEASE) --product tracker-load
	$(RELEASE) --product swarm-load
	Benchmarks/bench.sh $(if $(QUICK),--quick)

bench-tracker: build
	$(RELEASE) --product tracker-load
	Benchmarks/tracker.sh $(if $(QUICK),--quick)

bench-swarm: build
	@Scripts/setup.sh $(BENCH_PACKAGES)
	$(RELEASE) --product swarm-load
	Benchmarks/swarm.sh $(if $(QUICK),--quick)

bench-mount: build
	@Scripts/setup.sh $(BENCH_PACKAGES) $(BENCH_MOUNT_PACKAGES)
	Benchmarks/mount.sh $(if $(QUICK),--quick)

check: setup
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Benchmarks Fuzz Package.swift

format:
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Benchmarks Fuzz Package.swift

# What is there is taken as it is: who installs is often root, and builds nothing.
$(PROGRAMS):
	$(MAKE) build

install: $(PROGRAMS)
	@Packaging/install.sh install "$(DESTDIR)" "$(PREFIX)"

uninstall:
	@Packaging/install.sh uninstall "$(DESTDIR)" "$(PREFIX)"

package: $(PROGRAMS)
	@Packaging/package.sh

clean:
	rm -rf .build
