"""What a core, a chip and a board of Loihi can hold: each number once, with its source.

`widths.py` has the widths of the integers, this file the budgets of a core. Confidence:
H is a primary source or public code that was run, M is one credible secondary source
or an inference that fits the data, L is an assumption of ours where nothing is
published. Nothing here was measured by this project on silicon.

The memory of a Loihi 2 core is inferred from utilisation tables that Intel's compiler
printed into public notebooks (lava-nc/lava-dl at d825ac5, tutorials of `netx`;
zmeidd/loihi_2_EMSTDP at 3d31049): all dense rows are reproduced, and the synapses of
all ten rows of convolutions, see `sim_tests/deploy/test_boards.py`.

A convolution on Loihi 2 keeps its kernel once a core: for each place of the kernel and
each channel in an entry with a weight for each channel out, without an index
(`shared`). On Loihi 1, where axons of populations share weights too but no rule for it
is at hand, and for input axons on both, what is counted is more than may be needed:
every synapse, and an axon for every input of a core. The rows of convolutions print two
input axons a core, since a spike there carries its place.

Sources: Davies 2018 is IEEE Micro 38(1):82-99, doi 10.1109/MM.2018.112130359;
nengo-loihi is nengo/nengo-loihi at e564f66; NxTF is intel-nrc-ecosystem/models at
3dc53bf; SANA-FE is SLAM-Lab/SANA-FE at 8951ab0.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_sfdfa.chip import widths
from lava_sfdfa.errors import CheckError, InputError, unknown_choice
from lava_sfdfa.types import Array

WORD_BITS = 64

# What is counted on every core; the order of the columns in `Partition.use`.
RESOURCES = (
    "axon_in",  # input axons
    "synapses",  # words of synapse memory
    "neurons",  # units of neuron state: words on Loihi 2, compartments on Loihi 1
    "axon_out",  # output axons; AxonMap on Loihi 2
    "axon_mem",  # axon lists of convolutions; always 0 here
    "neuron_groups",  # populations with parameters of their own
    "total",  # words of the unified memory of Loihi 2
)
UNLIMITED = 2**62


@dataclass(frozen=True)
class Fact:
    """A number of the chip, where it is from, and how far it can be trusted."""

    value: int
    source: str
    confidence: str


@dataclass(frozen=True)
class CoreModel:
    """The budgets of a core and how synapses, axons and neurons use them."""

    name: str
    limits: dict[str, Fact]  # by resource; one that is missing is not limited
    cores_per_chip: Fact
    index_bits: Fact  # of every synapse
    plastic_bits: Fact  # more, of a synapse that learns
    second_tag_bits: Fact | None  # more for eligibility "recursive"; None: impossible
    sparse_bits: Fact  # more, of a synapse whose axon does not reach all neurons
    shared: Fact | None  # index bits of a synapse that a kernel shares; None: none can
    header_bits: Fact  # of an entry: the synapses of one axon, or a part of them
    entry_most: Fact  # synapses in an entry
    axon_words_most: Fact  # words of one axon
    plastic_slots: Fact  # input axons that one with plastic synapses takes
    learning_units: Fact  # units of state of a neuron with third factors
    tight_from: Fact | None  # an entry that fills its last word so far takes one more
    is_all_plastic: bool  # a learning core has no static synapses
    is_unicast: bool  # an output axon for each target core, not one for all
    narrower: tuple[int, ...]  # weight widths below 8 bits
    mesh: tuple[int, int, int]  # tiles in x, in y; cores of a tile
    mesh_source: Fact  # of the number of cores that share a router

    def assumptions(self, recursive: bool) -> list[str]:
        """The numbers of a learning network that are assumed, as sentences."""
        facts = {
            "units of state of a learning neuron": self.learning_units,
            "bits of a second tag": self.second_tag_bits if recursive else None,
            "cores of a tile": self.mesh_source,
        }
        return [
            f"{name}: {fact.value} ({fact.source})"
            for name, fact in facts.items()
            if fact is not None and fact.confidence == "L"
        ]

    def of_convolutions(self) -> str:
        """How synapses of convolutions are counted, as a sentence."""
        if self.shared is None:
            return (
                f"every synapse of a convolution is stored, with an index of "
                f"{self.sparse_bits.value} bits, and every input that a core reads has "
                f"an axon there: no rule for shared weights on {self.name} is at hand"
            )
        return (
            "a convolution keeps its kernel once a core: an entry for each place and "
            f"channel in ({self.shared.source}; confidence {self.shared.confidence}); "
            "every input that a core reads has an axon there, which is more than the "
            "two a core of these tables"
        )

    @property
    def limit_vector(self) -> Array:
        """Limits in the order of `RESOURCES`: int64."""
        limits = [self.limits.get(name) for name in RESOURCES]
        return np.array(
            [fact.value if fact else UNLIMITED for fact in limits], np.int64
        )

    def synapse_bits(self, weight_bits: int, plastic: bool, recursive: bool) -> int:
        """Memory of one synapse in bits. Errors: CheckError for a second tag on a
        chip that has no room for one."""
        bits = self.index_bits.value + weight_bits
        if plastic:
            bits += self.plastic_bits.value
            if recursive:
                if self.second_tag_bits is None:
                    raise CheckError(
                        f'eligibility "recursive" needs a second tag of 8 bits a '
                        f"synapse; {self.name} could only keep it in the delay, which "
                        'has 6; train with --eligibility "trace", or take a board of '
                        "Loihi 2"
                    )
                bits += self.second_tag_bits.value
        return bits

    def axon_words(self, n_synapses: int | Array, bits: int) -> Array:
        """Words of one input axon with `n_synapses` (an integer or an array of them)
        of `bits` each: full entries, and one for the rest, in whole words."""
        full, rest = np.divmod(n_synapses, self.entry_most.value)
        words = full * self._entry_words(self.entry_most.value, bits)
        return words + np.where(rest > 0, self._entry_words(rest, bits), 0)

    def _entry_words(self, n_synapses: int | Array, bits: int) -> Any:
        used = n_synapses * bits + self.header_bits.value
        words = -(-used // WORD_BITS)
        if self.tight_from is None:
            return words
        last = used % WORD_BITS
        return words + ((last == 0) | (last >= self.tight_from.value))


_TABLES = "fits all dense rows of the compiler's tables"
_OURS = "assumption of this project: nothing is published"
_ROWS = (
    "fits all ten rows of convolutions in the compiler's tables, with weights of 4 to "
    "7 bits (lava-dl at d825ac5, netx/yolo_kp/run.ipynb)"
)
_NO_LIMIT = Fact(UNLIMITED, "no limit is known", "M")

LOIHI1 = CoreModel(
    name="loihi1",
    limits={
        "axon_in": Fact(4096, "Davies 2018 p.89; nengo-loihi block.py:9", "H"),
        "synapses": Fact(16384, "128 KB; Davies 2018 p.89; NxTF optimization.py", "H"),
        "neurons": Fact(1024, "Davies 2018 p.86; nengo-loihi block.py:8", "H"),
        "axon_out": Fact(4096, "Davies 2018 p.89; nengo-loihi block.py:10", "H"),
        # Threshold profiles are the scarcest; formats 7, compartment profiles 31.
        "neuron_groups": Fact(7, "below 8; nengo-loihi hardware/nxsdk_objects.py", "M"),
    },
    cores_per_chip=Fact(128, "Davies 2018 p.86", "H"),
    index_bits=Fact(0, "dense format; delay and tag fields are empty", "H"),
    plastic_bits=Fact(8, "tag field of 8 bits; the sign is not charged", "M"),
    second_tag_bits=None,
    sparse_bits=Fact(10, "one of 1024 neurons; nengo-loihi block.py:427 has 6-12", "M"),
    shared=None,
    header_bits=Fact(20, "4 + 6, and 10 of the index; NxTF data_structures.py", "M"),
    entry_most=Fact(60, "NxTF optimization.py:50, below the hardware's 64", "M"),
    axon_words_most=Fact(256, "NxTF optimization.py:57", "M"),
    plastic_slots=Fact(2, "a trace entry follows; nengo-loihi block.py:688", "M"),
    learning_units=Fact(2, f"soma and third factor; {_OURS}", "L"),
    tight_from=Fact(59, "NxTF data_structures.py:1095-1112", "M"),
    is_all_plastic=True,  # nengo-loihi hardware/builder.py:186-197, M
    is_unicast=True,  # nengo-loihi block.py:379-385, H
    narrower=(6, 5, 4),  # 7 is absent; nengo-loihi builder/validate.py:103, H
    mesh=(8, 4, 4),
    mesh_source=Fact(4, "SANA-FE arch/loihi.yaml; the aspect is not published", "M"),
)

LOIHI2 = CoreModel(
    name="loihi2",
    limits={
        "axon_in": Fact(16000, _TABLES, "H"),
        "synapses": Fact(16000, _TABLES, "H"),
        "neurons": Fact(
            4095,
            "decided by the rows of convolutions, of which the "
            "published maximum is 8192",
            "H",
        ),
        "axon_out": Fact(16000, "AxonMap, 1 a neuron; " + _TABLES, "H"),
        "axon_mem": Fact(16000, "printed with the tables", "M"),
        "neuron_groups": Fact(8, _TABLES, "H"),
        "total": Fact(20000, _TABLES, "H"),
    },
    cores_per_chip=Fact(120, "of 128; lava-nc subcompilers/constants.py", "H"),
    index_bits=Fact(12, "whatever the number of neurons; " + _TABLES, "H"),
    plastic_bits=Fact(16, "two rows of one repository, a rule without tags", "M"),
    # Whether the 16 bits hold both tags is not published: they are taken to hold the
    # first, and the second is charged on top.
    second_tag_bits=Fact(widths.TAG_2.bits, "widths.TAG_2; " + _OURS, "L"),
    sparse_bits=Fact(0, "the 12 bits are always there; " + _TABLES, "H"),
    shared=Fact(0, _ROWS, "M"),
    header_bits=Fact(10, "1 to 24 fit the tables; 4 + 6 as on Loihi 1", "M"),
    entry_most=_NO_LIMIT,
    axon_words_most=_NO_LIMIT,
    plastic_slots=Fact(1, _TABLES, "H"),
    # u, v, payload and third factor of 24 bits, a running mean of 22, a count of 6.
    learning_units=Fact(2, "124 bits of state in words of 64; " + _OURS, "L"),
    tight_from=None,
    is_all_plastic=False,  # rows of EMSTDP mix both, H
    is_unicast=False,  # a layer that feeds two cores is charged once, M
    narrower=(7, 6, 5, 4),
    mesh=(8, 4, 4),
    mesh_source=Fact(4, "as on Loihi 1; " + _OURS, "L"),
)

LOIHI2_CONSERVATIVE = dataclasses.replace(
    LOIHI2,
    name="loihi2-conservative",
    limits={
        **LOIHI2.limits,
        "axon_in": Fact(4096, "as Loihi 1", "M"),
        "axon_out": Fact(4096, "as Loihi 1", "M"),
        "synapses": Fact(12000, "printed by an older release of the compiler", "H"),
        "neurons": Fact(1024, "as Loihi 1", "M"),
    },
)


@dataclass(frozen=True)
class Board:
    """A system that can be bought or rented."""

    name: str
    model: CoreModel
    chips: Fact


BOARDS = {
    board.name: board
    for board in (
        Board("oheo-gulch", LOIHI2, Fact(1, "lava-nc magma/core/resources.py", "H")),
        Board("kapoho-point", LOIHI2, Fact(8, "Intel; lava-nc says four", "M")),
        Board("hala-point", LOIHI2, Fact(1152, "Intel, press release", "H")),
        Board("kapoho-bay", LOIHI1, Fact(2, "lava-nc magma/core/resources.py", "H")),
        Board("nahuku", LOIHI1, Fact(32, "lava-nc magma/core/resources.py", "H")),
        Board("pohoiki-springs", LOIHI1, Fact(768, "Frady 2020", "H")),
    )
}


def find_board(name: str, conservative: bool = False) -> Board:
    """The board of this name; conservative: with the smaller budgets of an older
    release. Errors: InputError for a name or a variant that is unknown."""
    if name not in BOARDS:
        raise InputError(unknown_choice("board", name, BOARDS))
    board = BOARDS[name]
    if not conservative:
        return board
    if board.model is not LOIHI2:
        raise InputError(
            f"--conservative is for boards of Loihi 2, whose budgets are inferred; "
            f"those of {name} are published: leave it out"
        )
    return dataclasses.replace(board, model=LOIHI2_CONSERVATIVE)
