"""The command line, called in this process, for tests."""

import json
import signal

from click.testing import CliRunner

from lava_sfdfa.cli import main


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def last_json(result):
    """The object that `--json` printed, of a command that succeeded."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def hear_ctrl_c():
    """For the start of a process: Ctrl-C reaches it, also where a shell that runs the
    tests in the background has told its children to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
