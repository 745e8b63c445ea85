"""`lava-sfdfa bench`."""

from typing import Any

import click

from lava_sfdfa.commands.terminal import json_option, print_json
from lava_sfdfa.console import console


@click.command()
@click.option(
    "--what",
    type=click.Choice(["engine", "lava", "limit", "all"]),
    default="engine",
    help="limit is what the machine could do; lava is stock Lava on the same network.",
)
@json_option
def bench(what: Any, json_: bool) -> None:
    """Measure how fast the engine learns and classifies on this machine."""
    from lava_sfdfa.bench.bench import bench as run  # compiled code: slow to import

    result = run(what)
    speed = result.engine
    console.print(
        f"{result.processor}, one core, {speed.network}, {speed.steps} steps:\n"
        f"learns {speed.learned_per_second:,} samples/s "
        f"({speed.learning_microseconds:g} us each), classifies "
        f"{speed.classified_per_second:,} ({speed.classifying_microseconds:g} us), on "
        f"all cores {speed.classified_per_second_all_cores:,}"
    )
    if result.limit is not None:
        for ceiling in result.limit.ceilings:
            console.print(
                f"  {ceiling.work:10} {ceiling.operations:10,.0f} a sample, "
                f"{ceiling.per_second / 1e9:6.2f} G/s: {ceiling.microseconds:6.2f} us"
            )
        for phase in result.limit.phases:
            console.print(
                f"  {phase.phase:10} {phase.microseconds:6.2f} us, of which its least "
                f"work would take {phase.limit_microseconds:.2f} ({phase.share:.0%})"
            )
        console.print(
            f"limit {result.limit.learning_microseconds:g} us to learn "
            f"({result.limit.learning_share:.0%} of it is reached), "
            f"{result.limit.classifying_microseconds:g} us to classify "
            f"({result.limit.classifying_share:.0%})"
        )
    if result.lava is not None:
        console.print(
            f"stock Lava: {result.lava.steps_per_second:g} steps/s, "
            f"{result.lava.seconds_per_sample:g} s a sample; the engine learns "
            f"{result.lava.ratio:,} times as fast"
        )
    print_json(result, json_)
