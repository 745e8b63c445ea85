# The workflow, for people and for CI. Everything runs in .venv of this checkout.

RUN := .venv/bin
SOURCES := lava_sfdfa deploy sim_tests scripts conftest.py
# Public names need docstrings, but not special methods, and not tests. RUF043 wants
# raw strings in tests of messages, where a dot may well be any character. Helpers of the
# tests are sorted with the packages of others.
RULES := --target-version py310 --select E,F,W,I,B,UP,N,SIM,PTH,RUF,D1 \
	--ignore D105,D107,RUF043 --per-file-ignores sim_tests/*:D1 \
	--config 'lint.isort.known-first-party = ["lava_sfdfa"]'

# Python 3.10, since lava-nc runs on nothing newer: on the path, from pyenv, by uv. Where
# there is none, the newest of the others, without Lava.
FIND_PYTHON := \
	usable() { $$1 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' \
		2>/dev/null; }; \
	for p in python3.10 $$(ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.10*/bin/python 2>/dev/null); do \
		usable $$p && echo $$p && exit 0; \
	done; \
	command -v uv >/dev/null && uv python install --quiet 3.10 >&2 && uv python find 3.10 && exit 0; \
	for p in python3.14 python3.13 python3.12 python3.11 python3; do \
		usable $$p && echo $$p && exit 0; \
	done; \
	exit 1

# The newest that numba runs on, but for 3.10, to see that other versions and the newest
# numpy give the same. Free-threaded builds are not meant.
FIND_NEWEST := \
	usable() { $$1 -c 'import sys, venv, ensurepip' 2>/dev/null; }; \
	for v in 3.14 3.13 3.12 3.11; do \
		for p in python$$v $$(ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$v.*[0-9]/bin/python 2>/dev/null) \
				$$(uv python find --no-python-downloads $$v 2>/dev/null); do \
			usable $$p && echo $$p && exit 0; \
		done; \
	done; \
	exit 1

.PHONY: setup setup-extras demo test test-newest test-slow test-extras fuzz lint format kill-test bench clean

setup: .venv/done
setup-extras: .venv-extras/done

# Afterwards the machine code is on disk, and no training waits for it.
FIRST_TRAINING := import lava_sfdfa; lava_sfdfa.train('digits', hidden=[8], epochs=1, limit=50)

.venv/done .venv-newest/done: WANTED := dev
.venv-extras/done: WANTED := netx,nir,peers
.venv/done .venv-extras/done: FIND = $(FIND_PYTHON)
.venv-newest/done: FIND = $(FIND_NEWEST)
.venv/done .venv-extras/done .venv-newest/done: setup.cfg pyproject.toml
	@test -d lava_sfdfa/deploy || { \
		echo "error: lava_sfdfa/deploy should be a symbolic link to the folder deploy." >&2; \
		echo "Run git config core.symlinks true, then git checkout -- lava_sfdfa/deploy." >&2; \
		exit 1; }
	@python=$$($(FIND)) || { \
		echo "error: no Python 3.10 or newer with venv was found." >&2; \
		echo "Install one (apt install python3 python3-venv, or pyenv install 3.10), or" >&2; \
		echo "uv (https://docs.astral.sh/uv), which fetches it. Then try again." >&2; \
		exit 1; }; \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' || \
		echo "note: $$python is not Python 3.10, so Lava is left out; tests that need it are skipped"; \
	echo "setting up $(@D) with $$python (once)"; \
	$$python -m venv --clear $(@D) && \
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable ".[$(WANTED)]" && \
	echo "compiling the engine (once)" && \
	$(@D)/bin/python -W ignore -c "$(FIRST_TRAINING)" && \
	touch $@

demo: setup
	$(RUN)/lava-sfdfa train --dataset digits --out runs/demo
	$(RUN)/lava-sfdfa evaluate runs/demo/network.h5

# A worker a core; tests of one file stay together, since they share what they train.
PYTEST := -m pytest -n auto --dist loadfile

test: setup
	$(RUN)/python $(PYTEST)

# The quick part of it on the newest Python, without Lava, with the pinned digests.
# NEWEST=sim_tests runs all.
NEWEST := $(addprefix sim_tests/,chip network hdf5 test_bench.py deploy/test_pinned_digests.py)
VERSION := -c 'import sys; print("%d.%d" % sys.version_info[:2])'
test-newest: setup
	@if ! python=$$($(FIND_NEWEST)); then \
		echo "note: no Python from 3.11 to 3.14 was found, so the tests ran on one version only"; \
	elif [ "$$($$python $(VERSION))" = "$$($(RUN)/python $(VERSION))" ]; then \
		echo "note: .venv has the newest Python that was found; the tests ran there"; \
	else \
		$(MAKE) --no-print-directory .venv-newest/done && \
		.venv-newest/bin/python $(PYTEST) $(NEWEST); \
	fi

test-slow: setup
	$(RUN)/python $(PYTEST) -m slow

# lava-dl, NIR and its readers, in an environment of their own: PyTorch makes it 6 GB.
test-extras: setup-extras
	.venv-extras/bin/python -m pytest sim_tests/extras

# Damaged files for every reader; the whole takes some 15 minutes.
fuzz: setup
	$(RUN)/python scripts/fuzz.py

lint: setup
	$(RUN)/ruff format --check $(SOURCES)
	$(RUN)/ruff check $(RULES) $(SOURCES)
	$(RUN)/mypy

format: setup
	$(RUN)/ruff format $(SOURCES)
	$(RUN)/ruff check --fix $(RULES) $(SOURCES)

# 200 trainings are killed at random moments: some ten minutes.
kill-test: setup
	$(RUN)/python -W ignore scripts/kill_test.py

bench: setup
	$(RUN)/python scripts/bench.py

clean:
	rm -rf .venv .venv-extras .venv-newest build *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
