"""Stock Processes of Lava, as a board runs them."""

from typing import Any


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
