"""Energy and time of a sample as a band, from counted activity and published constants.

Low: lower bounds of Davies 2018, Table 2 (0.75 V, before silicon, said to agree with
early silicon), rules that visit only synapses with a spike on both sides. High: the fit
to silicon of SANA-FE, rules that visit every plastic synapse in every step, as
t_epoch = 1 allows. Neither was measured by this project. For Loihi 2 no energy of an
operation is published: the band is then that of the same activity on Loihi 1.
"""

from dataclasses import dataclass

from lava_sfdfa.types import Array

DAVIES = "Davies 2018, Table 2"
SANA_FE = "SANA-FE at 8951ab0, arch/loihi.yaml"
FRADY = "Frady 2020: 3.34 W for 32 chips; the voltage is not stated"


@dataclass(frozen=True)
class Costs:
    """Energy in pJ and time in ns of one operation on Loihi 1, with the sources."""

    synapse_pj: float
    neuron_pj: float  # update of a neuron
    spike_pj: float  # more, of one that spikes
    update_pj: float  # a rule's visit to a plastic synapse
    message_pj: float  # a spike to a core
    hop_x_pj: float
    hop_y_pj: float
    synapse_ns: float
    neuron_ns: float
    spike_ns: float
    update_ns: float
    message_ns: float  # a spike that comes to a core
    barrier_ns: float  # end of a step
    chip_w: float  # static
    sources: dict[str, str]


LOW = Costs(
    synapse_pj=23.6,
    neuron_pj=52.0,
    spike_pj=29.0,
    update_pj=120.0,
    message_pj=1.7,
    hop_x_pj=3.0,
    hop_y_pj=4.0,
    synapse_ns=3.5,
    neuron_ns=5.3,
    spike_ns=3.1,
    update_ns=6.1,
    message_ns=2.1,
    barrier_ns=113.0,
    chip_w=0.104,
    sources={
        "synapse, neuron, spike, update, message, hop, barrier": DAVIES,
        "static power": FRADY,
    },
)
HIGH = Costs(
    synapse_pj=35.5,
    neuron_pj=51.2 + 21.6,
    spike_pj=69.3,
    update_pj=120.0,
    message_pj=111.0,
    hop_x_pj=3.0,
    hop_y_pj=4.2,
    synapse_ns=3.8,
    neuron_ns=6.0 + 3.7,
    spike_ns=30.0,
    update_ns=6.1,
    message_ns=16.0,
    barrier_ns=1800.0,
    chip_w=0.104,
    sources={
        "synapse, neuron, spike, message, hop, barrier": SANA_FE,
        "update": f"{DAVIES}; SANA-FE has no cost of learning",
        "static power": FRADY,
    },
)
LOIHI2_NOTE = (
    "no energy or time of an operation is published for Loihi 2: this band is the same "
    "activity with the constants of Loihi 1"
)


@dataclass(frozen=True)
class Work:
    """What all cores do, over `n_samples` samples of `steps` steps."""

    loads: dict[str, Array]  # of `core_loads`
    messages: int  # between cores
    hops: tuple[int, int]  # of messages, in x and in y
    steps: int
    n_chips: int
    n_samples: int


@dataclass(frozen=True)
class Band:
    """The low and the high end, each by kind of work, and where they are from."""

    low: dict[str, float]
    high: dict[str, float]
    constants_of: str
    note: str | None


def estimate(costs: Costs, work: Work, updates: Array) -> dict[str, float]:
    """Joules of a sample by kind, their sum ("joule"), and its "seconds".

    updates: visits of rules by core. Time is that of the busiest core, as if its work
    were spread evenly over the steps.
    """
    loads = work.loads
    busy_ns = (
        loads["synapses"] * costs.synapse_ns
        + loads["neurons"] * costs.neuron_ns
        + loads["spikes"] * costs.spike_ns
        + updates * costs.update_ns
        + loads["received"] * costs.message_ns
    ).max() / work.n_samples
    seconds = (busy_ns + work.steps * costs.barrier_ns) * 1e-9
    spikes = loads["spikes"].sum()
    pico = 1e-12 / work.n_samples
    energy = {
        "synapses": loads["synapses"].sum() * costs.synapse_pj * pico,
        "neurons": loads["neurons"].sum() * costs.neuron_pj * pico,
        "spikes": (spikes * costs.spike_pj + work.messages * costs.message_pj) * pico,
        "hops": (work.hops[0] * costs.hop_x_pj + work.hops[1] * costs.hop_y_pj) * pico,
        "learning": updates.sum() * costs.update_pj * pico,
        "static": costs.chip_w * work.n_chips * seconds,
    }
    joules = {name: float(value) for name, value in energy.items()}
    return {**joules, "joule": sum(joules.values()), "seconds": float(seconds)}


def band(work: Work, is_loihi1: bool) -> Band:
    """What a sample costs, between the two sets of constants."""
    return Band(
        low=estimate(LOW, work, work.loads["updates"]),
        high=estimate(HIGH, work, work.loads["plastic"]),
        constants_of="loihi1",
        note=None if is_loihi1 else LOIHI2_NOTE,
    )
