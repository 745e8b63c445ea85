"""The command line: `lava-sfdfa COMMAND`.

Words and progress go to standard error; with `--json` the last line of standard
output is one JSON object. Exit codes: 0 done, 1 a check failed or it does not fit,
2 wrong use, bad input or Ctrl-C, 3 a backend or an extra is missing.
"""

import sys
from typing import Any

import click

import lava_sfdfa
from lava_sfdfa.commands.bench import bench
from lava_sfdfa.commands.compare import compare
from lava_sfdfa.commands.data import data
from lava_sfdfa.commands.deploy import check, compile_, fit, run
from lava_sfdfa.commands.evaluate import evaluate, info
from lava_sfdfa.commands.exchange import export, import_
from lava_sfdfa.commands.stream import stream
from lava_sfdfa.commands.terminal import fail
from lava_sfdfa.commands.train import train
from lava_sfdfa.commands.verify import verify
from lava_sfdfa.errors import InputError, SfdfaError, Stopped


class Commands(click.Group):
    """A group that turns our errors into one sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; end the process where it raises what a user can cause."""
        try:
            return super().invoke(ctx)
        except SfdfaError as error:
            fail(str(error), error.exit_code)
        except Stopped as error:
            fail(str(error), error.exit_code)
        except KeyboardInterrupt:
            fail("stopped by Ctrl-C", InputError.exit_code)
        except MemoryError as error:
            fail(
                f"the memory is not enough ({error}); use smaller layers or --limit",
                InputError.exit_code,
            )
        except BrokenPipeError:
            sys.exit(0)  # the reader of our output has seen enough
        except OSError as error:  # what no command expected, such as a full disk
            fail(f"{error.filename or 'output'}: {error.strerror}", 2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lava_sfdfa.__version__, prog_name="lava-sfdfa")
def main() -> None:
    """Train spiking networks with a learning rule that Loihi chips can run."""


for command in (
    *(train, stream, evaluate, compare, verify, info, data),
    *(fit, compile_, check, run, export, import_, bench),
):
    main.add_command(command)
