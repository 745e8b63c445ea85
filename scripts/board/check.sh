#!/usr/bin/env bash
# What a member of Intel's community runs on a Loihi 2 board; see README.md here.
#   [PARTITION=.. | BOARD=.. | NXSDKHOST=..] [LOIHI_GEN=N3B3] check.sh [FOLDER]
# PYTHON: the interpreter with lava-sfdfa, lava-nc 0.10.0 and lava-loihi.
set -uo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
out=${1:-board-report}
samples=${SAMPLES:-100}
mkdir -p "$out"

echo "1 of 4: what is installed"
{
    date -u
    "$python" --version
    "$python" -m pip freeze
    env | grep -E '^(PARTITION|BOARD|NXSDKHOST|LOIHI_GEN|SLURM|NOSLURM)='
    command -v sinfo >/dev/null && sinfo -N
    git rev-parse HEAD
} >"$out/environment.txt" 2>&1

echo "2 of 4: the hardware suite"
"$python" -m pytest --target board --junitxml "$out/suite.xml" >"$out/suite.txt" 2>&1
suite=$?
tail -n 1 "$out/suite.txt"

echo "3 of 4: a network, trained here and compiled for the board"
"$python" -m lava_sfdfa train --out "$out/network" --json >"$out/train.json" 2>"$out/train.txt" &&
    "$python" -m lava_sfdfa compile "$out/network" --board oheo-gulch --mode inference \
        --out "$out/plan" --json >"$out/compile.json" 2>"$out/compile.txt"
compiled=$?

echo "4 of 4: the plan, on the simulator and on the board"
"$python" -m lava_sfdfa run "$out/plan" --target sim --samples "$samples" --json \
    >"$out/sim.json" 2>"$out/sim.txt"
"$python" -m lava_sfdfa run "$out/plan" --target board --samples "$samples" --json \
    >"$out/board.json" 2>"$out/board.txt"
run=$?
tail -n 1 "$out/board.json" "$out/board.txt"

echo "send back the folder $out: suite exit code $suite, compile $compiled, run $run"
[ "$suite" -eq 0 ] && [ "$compiled" -eq 0 ] && [ "$run" -eq 0 ]
