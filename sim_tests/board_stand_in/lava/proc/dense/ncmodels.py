"""Stock synapses of a neuro-core, computed by lava-nc's bit-accurate models."""

from lava.magma.core.decorator import implements, requires
from lava.magma.core.model.nc.model import AbstractNcProcessModel
from lava.magma.core.resources import Loihi2NeuroCore
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.dense.models import (
    PyDenseModelBitAcc,
    PyLearningDenseModelBitApproximate,
)
from lava.proc.dense.process import Dense, LearningDense


@implements(proc=Dense, protocol=LoihiProtocol)
@requires(Loihi2NeuroCore)
class NcModelDense(PyDenseModelBitAcc, AbstractNcProcessModel):
    pass


@implements(proc=LearningDense, protocol=LoihiProtocol)
@requires(Loihi2NeuroCore)
class NcModelLearningDense(PyLearningDenseModelBitApproximate, AbstractNcProcessModel):
    pass
