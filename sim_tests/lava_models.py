"""Models of Lava without Lava's runtime: one object, driven step by step.

Thousands of cases would take hours with a runtime for each. The models are the same;
only the ports are replaced.
"""

import numpy as np


class Port:
    """Holds what is received next, or what was sent last."""

    def __init__(self, shape):
        self.value = np.zeros(shape, np.int64)

    def recv(self):
        return self.value

    def send(self, value):
        self.value = value


def make_model(process, model_class):
    """The model of a Process as Lava's builder makes it: variables, then ports."""
    model = model_class(process.proc_params)
    for variable in process.vars:
        kind = getattr(model_class, variable.name)
        value = variable.init
        if kind.cls is np.ndarray:
            value = np.broadcast_to(value, variable.shape).astype(kind.d_type).copy()
        elif kind.cls is not str:
            value = kind.cls(np.ravel(value)[0])
        setattr(model, variable.name, value)
    for port in (*process.in_ports, *process.out_ports):
        setattr(model, port.name, Port(port.shape))
    return model


def step(model, **received):
    """One time step: receive, then learn."""
    for name, value in received.items():
        getattr(model, name).value = value
    model.time_step += 1
    model.run_spk()
    if model.lrn_guard():
        model.run_lrn()
