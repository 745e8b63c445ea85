"""The command line, called in this process, for tests."""

import json

from click.testing import CliRunner

from lava_sfdfa.cli import main


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def last_json(result):
    """The object that `--json` printed, of a command that succeeded."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])
