"""A plan in a folder: written whole or not at all, checked on reading.

`plan.json` has what people read (board, populations, parameters, rules, phases,
costs), `plan.h5` the arrays.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from lava_sfdfa.deploy.plan.check import check_content
from lava_sfdfa.deploy.plan.plan import FORMAT, VERSION, PlanContent
from lava_sfdfa.errors import InputError, SfdfaError
from lava_sfdfa.files import write_files
from lava_sfdfa.hdf5.reader import read_file
from lava_sfdfa.hdf5.writer import write_hdf5
from lava_sfdfa.network.content import NAME, PLAN_NAMES, is_plan

JSON_NAME, ARRAYS_NAME = PLAN_NAMES
HDF5_BEGINS = b"\x89HDF\r\n\x1a\n"
PROBLEM = "is not a readable plan"
REMEDY = "it is truncated, damaged or something else; compile the artifact again"


def write_plan(folder: Path, plan: PlanContent) -> str:
    """Write a plan into a folder, which is made, and return its digest.

    Both files are complete before either takes its name. Errors: InputError where
    the folder cannot be written.
    """
    digest = plan.digest
    head = {"format": FORMAT, "version": VERSION, "digest": digest}
    text = json.dumps({**head, **plan.facts}, indent=1, sort_keys=True)

    def fill(file: Any) -> None:
        file.attrs["digest"] = digest
        for name, array in plan.arrays.items():
            file.create_dataset(name, data=array)

    write_files(
        folder,
        {
            ARRAYS_NAME: lambda temporary: write_hdf5(temporary, fill),
            JSON_NAME: lambda temporary: temporary.write_text(text, "utf-8"),
        },
    )
    return digest


def read_plan(folder: Path) -> PlanContent:
    """Read a plan and prove that it is whole. Errors: InputError for a folder without
    one, one of another version, and one that is damaged; CheckError for one whose parts
    do not go together."""
    refuse_artifact(folder)
    path = folder / JSON_NAME if folder.is_dir() else folder
    if path.name == ARRAYS_NAME:
        path = path.with_name(JSON_NAME)
    if not path.is_file():
        raise InputError(f"{folder}: there is no plan; `compile` makes one")
    plan = _read_files(folder, path)
    try:
        check_content(plan)
    except SfdfaError as error:
        raise type(error)(f"{folder}: {error}") from None
    return plan


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 does."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(HDF5_BEGINS)) == HDF5_BEGINS
    return False


def refuse_artifact(path: Path) -> None:
    """Errors: InputError where an artifact was given for a plan."""
    in_folder = (path / NAME).is_file() and not is_plan(path)
    if in_folder or (path.is_file() and is_hdf5(path) and not is_plan(path)):
        raise InputError(
            f"{path}: is no plan, and looks like an artifact; `info` shows what it "
            "holds, and `compile` makes a plan of it"
        )


def _read_files(folder: Path, path: Path) -> PlanContent:
    """Read a plan that has the digest that it carries. Errors: InputError."""
    try:
        facts = json.loads(path.read_text("utf-8"))
        if not isinstance(facts, dict) or facts.pop("format", None) != FORMAT:
            raise InputError(
                f"{path}: is not a plan of lava-sfdfa; `compile` makes one"
            )
        version = facts.pop("version", None)
        if isinstance(version, bool) or version != VERSION:
            raise InputError(
                f"{path}: has the plan version {version!r:.40}; this lava-sfdfa reads "
                f"{VERSION}; compile the artifact again"
            )
        digest = facts.pop("digest", None)
        file = read_file(path.with_name(ARRAYS_NAME), PROBLEM, REMEDY)
        plan = PlanContent(facts, file.entries)
        if plan.digest != digest:
            raise InputError(
                f"{folder}: is damaged: its content does not have the digest "
                f"{str(digest)[:64]!r} that it carries; compile the artifact again"
            )
        return plan
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        raise InputError(f"{folder}: {PROBLEM} ({error}); {REMEDY}") from None
