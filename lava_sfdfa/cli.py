"""The command line: `lava-sfdfa COMMAND`.

Words and progress go to standard error; with `--json` the last line of standard
output is one JSON object. Exit codes: 0 done, 1 a check failed or it does not fit,
2 wrong use, bad input or Ctrl-C, 3 a backend or an extra is missing.
"""

import click

import lava_sfdfa
from lava_sfdfa.commands.bench import bench
from lava_sfdfa.commands.compare import compare
from lava_sfdfa.commands.data import data
from lava_sfdfa.commands.deploy import check, compile_, fit, run
from lava_sfdfa.commands.evaluate import evaluate, info
from lava_sfdfa.commands.exchange import export, import_
from lava_sfdfa.commands.group import Commands
from lava_sfdfa.commands.stream import stream
from lava_sfdfa.commands.train import train
from lava_sfdfa.commands.verify import verify


@click.group(
    "lava-sfdfa", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(lava_sfdfa.__version__, prog_name="lava-sfdfa")
def main() -> None:
    """Train spiking networks with a learning rule that Loihi chips can run."""


for command in (
    *(train, stream, evaluate, compare, verify, info, data),
    *(fit, compile_, check, run, export, import_, bench),
):
    main.add_command(command)
