"""`bench`: what is measured, in one run."""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lava_sfdfa.bench.engine import EngineSpeed, measure_engine
from lava_sfdfa.bench.lava import LavaSpeed, measure_lava
from lava_sfdfa.bench.limit import Limit, measure_limit
from lava_sfdfa.bench.workload import make_workload
from lava_sfdfa.console import console
from lava_sfdfa.results import Result

What = Literal["engine", "lava", "limit", "all"]
SIZES = 784, (400,), 64  # inputs, hidden neurons, steps
N_SAMPLES = 2000


@dataclass(frozen=True)
class BenchResult(Result):
    """What `bench` found; what was not asked for is None."""

    processor: str
    engine: EngineSpeed
    limit: Limit | None = None
    lava: LavaSpeed | None = None


def bench(what: What) -> BenchResult:
    """Measure the engine, and what it is to be compared with. Errors: BackendError
    where stock Lava is asked for and missing."""
    load = make_workload(*SIZES, N_SAMPLES)
    console.print("measuring the engine (compiles first, which takes a while once)")
    speed = measure_engine(load)
    found_limit = found_lava = None
    if what in ("limit", "all"):
        console.print("measuring the limit")
        found_limit = measure_limit(load)
    if what in ("lava", "all"):
        console.print("measuring stock Lava")
        found_lava = measure_lava(load, speed.learning_microseconds)
    return BenchResult(processor(), speed, found_limit, found_lava)


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line for line in lines if line.startswith("model name")]
    return names[0].split(":")[1].strip() if names else platform.processor()
