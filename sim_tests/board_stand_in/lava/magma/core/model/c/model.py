"""Base class of models for the embedded processors.

`AbstractCProcessModel` is left out on purpose: without it Lava's compiler takes the
models for what they are, Python, where the compiler of the chip would take over.
"""

from lava.magma.core.model.model import AbstractProcessModel


class CLoihiProcessModel(AbstractProcessModel):
    pass
