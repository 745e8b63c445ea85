"""Damaged files for every reader: none may end in a traceback, a crash or a wait.

    python scripts/fuzz.py [--reader NAME|all] [--cases N] [--seed S] [--minutes M]
        [--out DIR] [--jobs N] [--json]

Small valid files of each reader are made and damaged: in their bytes, and in what they
hold, with the right checksums and digests again. Each case is read by the real reader,
and used, in a process that is watched. Prints for each reader how many cases were
accepted (ok) and refused in a sentence, and how many went wrong: a message that is no
sentence, a traceback, a signal, a hang, more than 1 GB, or a file written elsewhere.
Those are written to --out, a zip file each, named by reader, seed and number. Ends with
1 where one went wrong.
"""

import argparse
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from fuzzing.reader import Case
from fuzzing.readers import READERS
from fuzzing.work import Tally, first_of_a_kind, fuzz

KEPT = 2  # findings of each kind that are written


def packed(case: Case) -> bytes:
    """The files of a case as one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in case.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def keep(out: Path, name: str, seed: int, tally: Tally) -> list[dict[str, Any]]:
    """Write the findings, and say what they are."""
    rows = []
    for finding in first_of_a_kind(tally.findings, KEPT):
        path = out / f"{name}-{seed}-{finding.number}.zip"
        out.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(READERS[name].case(name, seed, finding.number)))
        rows.append({**vars(finding), "file": str(path)})
    return rows


def row_of(name: str, seed: int, tally: Tally, findings: list) -> dict[str, Any]:
    """What became of the cases of a reader."""
    return {
        "reader": name,
        "cases": sum(tally.counts.values()),
        "seed": seed,
        "seconds": round(tally.seconds, 1),
        "outcomes": dict(tally.counts),
        "findings": findings,
    }


def in_words(row: dict[str, Any]) -> str:
    """A line for a reader, and one for each kind of finding."""
    counts = ", ".join(f"{n:,} {what}" for what, n in row["outcomes"].items() if n)
    cases = f"{row['cases']:,} cases of seed {row['seed']} in {row['seconds']} s"
    found = [f"  {f['outcome']} {f['where']}: {f['file']}" for f in row["findings"]]
    return "\n".join([f"{row['reader']}: {cases}: {counts}", *found])


def main() -> int:
    """One reader after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reader", choices=(*READERS, "all"), default="all")
    parser.add_argument("--cases", type=int, default=10_000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60, help="for each reader")
    parser.add_argument("--out", type=Path, default=Path("runs/fuzz"))
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", action="store_true", help="a line for each reader")
    options = parser.parse_args()
    went_wrong = False
    for name in READERS if options.reader == "all" else (options.reader,):
        READERS[name].prepare()
        tally = fuzz(
            name, options.seed, options.cases, 60 * options.minutes, options.jobs
        )
        row = row_of(
            name, options.seed, tally, keep(options.out, name, options.seed, tally)
        )
        went_wrong |= bool(tally.findings)
        if options.json:
            print(json.dumps(row), flush=True)
            continue
        print(in_words(row), flush=True)
    return int(went_wrong)


if __name__ == "__main__":
    sys.exit(main())
