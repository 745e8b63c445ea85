"""`python -m lava_sfdfa` is the command line."""

from lava_sfdfa.cli import main

main(prog_name="lava-sfdfa")
