"""Groups of commands, which end in one sentence whatever a user does wrong."""

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import click

from lava_sfdfa.commands.terminal import fail
from lava_sfdfa.errors import InputError, SfdfaError, Stopped, in_one_line

HINT = re.compile(r"\. \(?Did you mean ([^?]*\?)\)?")  # of click, a sentence more
RANGES = re.compile(r"a valid (integer|float) range")  # which means a number


class Commands(click.Group):
    """A group that turns errors into one sentence and an exit code."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Read what stands before the command."""
        with told("lava-sfdfa"):
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; end the process where it raises what a user can cause."""
        with told(ctx.command_path, ctx):
            return super().invoke(ctx)


@contextlib.contextmanager
def told(path: str, ctx: click.Context | None = None) -> Iterator[None]:
    """End the process with a sentence where a user caused an error.

    path, ctx: the group, and its context where it runs a command.
    """
    try:
        yield
    except click.UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # which click has since 8.2
            raise
        if ctx is not None and ctx.invoked_subcommand:
            path = f"{path} {ctx.invoked_subcommand}"
        fail(usage_sentence(error, path), InputError.exit_code)
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


def usage_sentence(error: click.UsageError, path: str) -> str:
    """What click says about options and arguments of the command `path`, in one
    sentence, and where to look."""
    command = error.ctx.command_path if error.ctx else path
    said = HINT.sub(r"; did you mean \1", error.format_message().strip())
    said = RANGES.sub(r"a valid \1", said).rstrip(".")
    return in_one_line(f"{command}: {said}; `{command} --help` shows what it takes")
