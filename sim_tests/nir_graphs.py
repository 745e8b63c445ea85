"""NIR graphs for tests: files written with h5py alone, and what their equations do."""

from itertools import pairwise

import h5py
import numpy as np

from lava_sfdfa.data.events import Events

STEP_S = 1e-4


def write(folder, nodes, edges=None, inside=None):
    """A file with these nodes, by default one after the other. inside: nodes of graphs
    by the name of their node, each a chain from its own input to its output."""
    path = folder / "a.nir"
    with h5py.File(path, "w") as file:
        file["version"] = "1.0.8"
        _fill(file.create_group("node"), nodes, edges)
        for name, inner in (inside or {}).items():
            _fill(file["node/nodes"].create_group(name), inner, None)
    return path


def _fill(group, nodes, edges):
    edges = list(pairwise(nodes)) if edges is None else edges
    group["type"], group["edges"] = "NIRGraph", np.array(edges, dtype="S")
    group.create_group("nodes")
    for name, fields in nodes.items():
        for field, value in (fields or {}).items():
            if value is not None:
                group[f"nodes/{name}/{field}"] = value


def noise(n_samples, n_steps, n_inputs, share, seed=0):
    """Random spikes: bool (samples, steps, inputs), and the same as `Events`."""
    spikes = np.random.RandomState(seed).rand(n_samples, n_steps, n_inputs) < share
    counts = spikes.sum(axis=2).astype(np.int32)
    offset = np.concatenate([[0], np.cumsum(counts.sum(axis=1))]).astype(np.int64)
    index = np.nonzero(spikes)[2].astype(np.uint16)
    return spikes, Events(index, counts, offset, n_inputs)


# --- the equations ----------------------------------------------------------------


def simulate(nodes, x, shape, step_s=STEP_S):
    """Spikes of each node of neurons, by forward Euler with floats.

    x: (steps, inputs) of one sample, counted as in `shape`, (channels, rows, columns)
    or (inputs,). As on the chip, a spike arrives at the next neurons a step later.
    """
    sent, found = late(x.reshape(len(x), *shape).astype(float)), []
    for fields in nodes.values():
        if fields["type"] in ("Input", "Output"):
            continue
        if fields["type"] not in NEURONS:
            sent = linear(fields, sent)
            continue
        found.append(neurons(fields, sent, step_s))
        sent = late(found[-1])
    return found


def late(sent):
    """The same a step later."""
    return np.concatenate([np.zeros_like(sent[:1]), sent[:-1]])


NEURONS = ("LIF", "CubaLIF", "IF", "LI")


def neurons(fields, x, step_s):
    """Spikes, or v where there is no threshold, of neurons with input x."""
    kind = fields["type"]
    u, v, out = np.zeros(x.shape[1:]), np.zeros(x.shape[1:]), []
    r, share = fields.get("r", 1.0), step_s / fields.get("tau", step_s)
    for now in x:
        if kind == "CubaLIF":
            share = step_s / fields["tau_syn"]
            u = kept(u * (1 - share)) + share * fields["w_in"] * now
            share = step_s / fields["tau_mem"]
            v = kept(v * (1 - share)) + share * (fields["v_leak"] + r * u)
        elif kind == "IF":
            v = v + r * now
        else:
            v = kept(v * (1 - share)) + share * (fields["v_leak"] + r * now)
        if kind == "LI":
            out.append(v)
            continue
        spikes = v > fields["v_threshold"]
        v = np.where(spikes, 0, v)
        out.append(spikes)
    return np.array(out, float)


def kept(values):
    """What is left of u or v, as the chip holds it: in 1/64 of a weight of 1, rounded
    towards 0."""
    return np.trunc(values * 64) / 64


def linear(fields, x):
    """A node without neurons, as naively as it can be written. x: (n, ...)."""
    kind = fields["type"]
    if kind in ("Linear", "Affine"):
        out = x.reshape(len(x), -1) @ fields["weight"].T
        return out + fields.get("bias", 0.0)
    if kind == "Flatten":
        return x.reshape(len(x), -1)
    if kind == "Scale":
        return x * fields["scale"]
    if kind in ("SumPool2d", "AvgPool2d"):
        return pool(fields, x)
    if kind == "Conv1d":
        wide = {k: fields[k] for k in ("groups", "bias")}
        for name, of_rows in (("stride", 1), ("padding", 0), ("dilation", 1)):
            wide[name] = (of_rows, fields[name])
        wide["weight"] = fields["weight"][:, :, None]
        return convolve(wide, x[:, :, None])[:, :, 0]
    return convolve(fields, x)


def pool(fields, x):
    """Sums or means of windows."""
    (height, width), stride = fields["kernel_size"], fields["stride"]
    x = padded(x, fields["padding"])
    rows = (x.shape[2] - height) // stride[0] + 1
    columns = (x.shape[3] - width) // stride[1] + 1
    out = np.zeros((*x.shape[:2], rows, columns))
    for row, column in np.ndindex(rows, columns):
        y, z = row * stride[0], column * stride[1]
        window = x[:, :, y : y + height, z : z + width]
        out[:, :, row, column] = window.sum(axis=(2, 3))
    return out / (height * width if fields["type"] == "AvgPool2d" else 1)


def convolve(fields, x):
    """A convolution of channels first, place by place."""
    weight, groups = fields["weight"], fields["groups"]
    stride, dilation = (
        np.broadcast_to(fields[name], 2) for name in ("stride", "dilation")
    )
    x = padded(x, fields["padding"])
    n_out, n_in, height, width = weight.shape
    rows = (x.shape[2] - (height - 1) * dilation[0] - 1) // stride[0] + 1
    columns = (x.shape[3] - (width - 1) * dilation[1] - 1) // stride[1] + 1
    out = np.zeros((len(x), n_out, rows, columns))
    for row, column in np.ndindex(rows, columns):
        y = row * stride[0] + np.arange(height) * dilation[0]
        z = column * stride[1] + np.arange(width) * dilation[1]
        window = x[:, :, y][:, :, :, z]
        for channel in range(n_out):
            first = channel // (n_out // groups) * n_in
            part = window[:, first : first + n_in] * weight[channel]
            out[:, channel, row, column] = part.sum(axis=(1, 2, 3))
    return out + np.reshape(fields["bias"], (1, -1, 1, 1))


def padded(x, padding):
    """Zeros around images."""
    if isinstance(padding, str):  # "same" of a window of 4
        return np.pad(x, ((0, 0), (0, 0), (1, 2), (1, 2)))
    up, left = np.broadcast_to(padding, 2)
    return np.pad(x, ((0, 0), (0, 0), (up, up), (left, left)))
