"""Every wrong use of the table ends in its exit code and one sentence, and leaves all
files as they were."""

import json
import shlex
from pathlib import Path

import pytest
from command_line import call
from wrong_files import make_files
from wrong_uses import WRONG_USES

from lava_sfdfa.cli import main
from lava_sfdfa.errors import LONGEST

PREFIX = "error: "


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with the files that the table names, and their names."""
    folder = tmp_path_factory.mktemp("wrong")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, make_files()


def listing():
    """Every file and folder here, with what changes where a file is written."""
    return {
        path: path.is_file() and (path.stat().st_mtime_ns, path.stat().st_size)
        for path in Path().rglob("*")
    }


@pytest.fixture
def typed(row, files, monkeypatch):
    """What a row says that is typed, in the folder with its files, which it leaves as
    they were."""
    folder, names = files
    monkeypatch.chdir(folder)
    before = listing()
    yield shlex.split(row.typed.format(**names))
    assert listing() == before


@pytest.mark.parametrize("row", WRONG_USES, ids=lambda row: row.typed)
def test_a_wrong_use_ends_in_one_sentence(row, typed):
    check(call(*typed), row)


# A part of the table, and whatever is no wrong use: there a report may be printed.
FOR_MACHINES = [
    row for place, row in enumerate(WRONG_USES) if place % 4 == 0 or row.code != 2
]


@pytest.mark.parametrize("row", FOR_MACHINES, ids=lambda row: row.typed)
def test_machines_get_json_or_nothing(row, typed):
    result = call(*with_json(typed))
    check(result, row)
    assert result.stdout == "" or json.loads(result.stdout.splitlines()[-1])


def check(result, row):
    assert result.exit_code == row.code, result.output
    assert "Traceback" not in result.output
    check_sentence(result.stderr, row.words)


def check_sentence(errors, words):
    (line,) = errors.strip().splitlines()
    assert line.startswith(PREFIX) and line.isprintable()
    sentence = line.removeprefix(PREFIX)
    assert len(sentence) <= LONGEST and not sentence.endswith(".")
    assert [word for word in words if word not in sentence] == [], sentence


def with_json(typed):
    """The same with `--json`, where a command is named that has it."""
    command, place = main, 0
    while place < len(typed) and typed[place] in getattr(command, "commands", {}):
        command, place = command.commands[typed[place]], place + 1
    has_it = any("--json" in option.opts for option in command.params)
    return [*typed[:place], *["--json"] * has_it, *typed[place:]]


def test_the_table_is_long_and_covers_every_command():
    typed = [row.typed for row in WRONG_USES]
    assert len(set(typed)) == len(typed) >= 200
    for name, command in main.commands.items():
        for words in [(name, each) for each in getattr(command, "commands", ())] or [
            (name,)
        ]:
            with_it = [
                line for line in typed if tuple(line.split()[: len(words)]) == words
            ]
            assert len(with_it) >= 3, words


def test_the_rows_say_what_a_message_has_to_name():
    for row in WRONG_USES:
        assert row.code in (1, 2, 3)
        assert all(map(str.strip, row.words)) and sum(map(len, row.words)) >= 10, row
