# The workflow, for people and for CI. Everything runs in .venv of this checkout.

RUN := .venv/bin
SOURCES := lava_sfdfa deploy sim_tests scripts conftest.py
# Public names need docstrings, but not special methods, and not tests. RUF043 wants
# raw strings in tests of messages, where a dot may well be any character.
# `conftest`, of which there is one more at the top, is sorted as before it was there.
RULES := --target-version py310 --select E,F,W,I,B,UP,N,SIM,PTH,RUF,D1 \
	--ignore D105,D107,RUF043 --per-file-ignores sim_tests/*:D1 \
	--config 'lint.isort.known-third-party = ["conftest", "command_line"]'

# Python 3.10, since lava-nc runs on nothing newer: on the path, from pyenv, by uv.
FIND_PYTHON := \
	for p in python3.10 $$(ls -d $${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.10*/bin/python 2>/dev/null); do \
		$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null \
			&& echo $$p && exit 0; \
	done; \
	command -v uv >/dev/null && uv python install --quiet 3.10 >&2 && uv python find 3.10 && exit 0; \
	exit 1

.PHONY: setup setup-extras demo test test-slow test-extras lint format bench clean

setup: .venv/done
setup-extras: .venv-extras/done

.venv/done: WANTED := dev
.venv-extras/done: WANTED := netx,nir,peers
.venv/done .venv-extras/done: setup.cfg pyproject.toml
	@python=$$($(FIND_PYTHON)) || { \
		echo "error: Python 3.10 was not found (lava-nc 0.10.0 runs on no newer one)." >&2; \
		echo "Install it (apt install python3.10 python3.10-venv, or pyenv install 3.10)," >&2; \
		echo "or install uv (https://docs.astral.sh/uv), which fetches it. Then try again." >&2; \
		exit 1; }; \
	echo "setting up $(@D) with $$python (once)"; \
	$$python -m venv --clear $(@D) && \
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable ".[$(WANTED)]" && \
	touch $@

demo: setup
	$(RUN)/lava-sfdfa train --dataset digits --out runs/demo
	$(RUN)/lava-sfdfa evaluate runs/demo/network.h5

test: setup
	$(RUN)/python -m pytest

test-slow: setup
	$(RUN)/python -m pytest -m slow

# lava-dl, NIR and its readers, in an environment of their own: PyTorch makes it 6 GB.
test-extras: setup-extras
	.venv-extras/bin/python -m pytest sim_tests/extras

lint: setup
	$(RUN)/ruff format --check $(SOURCES)
	$(RUN)/ruff check $(RULES) $(SOURCES)
	$(RUN)/mypy

format: setup
	$(RUN)/ruff format $(SOURCES)
	$(RUN)/ruff check --fix $(RULES) $(SOURCES)

bench: setup
	$(RUN)/python scripts/bench.py

clean:
	rm -rf .venv .venv-extras build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
