"""Stock Processes of Lava, as a board runs them."""

from typing import Any

import numpy as np

from lava_sfdfa.types import Array


def stock_dense(weights: Array) -> Any:
    """A `Dense` of 8-bit weights. Where signs are mixed the chip has no lowest bit: the
    weights are doubled, and the exponent -1 takes that back."""
    from lava.proc.dense.process import Dense

    return Dense(weights=2 * weights.astype(np.int32), weight_exp=-1, num_weight_bits=8)


def stock_neurons(layer: Any, period: int, number: int) -> Any:
    """A `LIFReset`, reset one step later in each layer; time begins at step 1."""
    from lava.proc.lif.process import LIFReset

    return LIFReset(
        shape=(layer.n_post,),
        du=layer.du,
        dv=layer.dv,
        vth=layer.vth,
        reset_interval=period,
        reset_offset=number + 1,
    )


def board_config() -> Any:
    """`Loihi2HwCfg`: models of the chip if there are some, of the host at the ends."""
    from lava.magma.core.run_configs import Loihi2HwCfg
    from lava.proc.io import sink, source

    return Loihi2HwCfg(
        exception_proc_model_map={
            source.RingBuffer: source.PySendModelFixed,
            sink.RingBuffer: sink.PyReceiveModelFixed,
        }
    )
