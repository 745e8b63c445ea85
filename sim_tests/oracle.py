"""A second, slow and plain implementation of the network, to hold the engine against.

Written from the sample protocol and from the description of Lava's learning engine:
dense matrices, every step of the period, every product of the rule strings, all
neurons in Lava's order. It shares no arithmetic with the package: also the hashes
are written again. What it takes from the package are parameters.
"""

import math

import numpy as np

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


# --- hashes, in Python's integers and numpy's -------------------------------------


def mix64(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def mix32(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.uint64) & np.uint64(2**32 - 1)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        values = values ^ (values >> np.uint64(shift))
        values = (values * np.uint64(factor)) & np.uint64(2**32 - 1)
    return values ^ (values >> np.uint64(16))


def stream(seed: int, purpose: int, layer: int, counter: int) -> int:
    key = mix64((seed + GOLDEN) & MASK)
    key = mix64(key ^ (purpose << 32) ^ layer)
    return mix64((key + GOLDEN * counter) & MASK)


def draw(key: int, index) -> np.ndarray:
    low, high = key & (2**32 - 1), key >> 32
    return mix32(np.asarray(index, np.uint64) + np.uint64(low)) ^ np.uint64(high)


def synapse_bits(key: int, n_post: int, n_pre: int) -> np.ndarray:
    rows = draw(key, np.arange(n_post))[:, None]
    columns = np.arange(n_pre, dtype=np.uint64) * np.uint64(0x9E3779B9)
    return (mix32(rows + columns[None, :]) >> np.uint64(25)).astype(np.int64)


# --- Lava's arithmetic ------------------------------------------------------------


def product(widths: int, mantissa: int, exponent: int, *factors) -> np.ndarray:
    """A product of a learning rule, in units of 2**-7, saturated."""
    value = np.asarray(mantissa, np.int64)
    for factor in factors:
        value = value * factor
    value = (value >> max(0, widths + 4 - 15)) << (exponent + 7)
    return np.clip(value, -32769, 32767)


def accumulate(variable: np.ndarray, *products) -> np.ndarray:
    total = variable << 7
    for value in products:
        total = np.clip(total + value, -32769, 32767)
    return total


def round_up(total: np.ndarray, uniform_of_128) -> np.ndarray:
    return (total >> 7) + (uniform_of_128 < (total & 127))


def decay(trace: np.ndarray, alpha: float, uniform: float) -> np.ndarray:
    exact = trace * alpha
    return (np.floor(exact) + (uniform < exact - np.floor(exact))).astype(np.int64)


def lif_decay(value: np.ndarray, multiplier: int) -> np.ndarray:
    return np.sign(value) * ((np.abs(value) * multiplier) >> 12)


# --- the network ------------------------------------------------------------------


class Oracle:
    """Learns sample after sample; keeps spikes and tags of the last one."""

    def __init__(self, network):
        self.net = network
        self.weights = [layer.weights.astype(np.int64) for layer in network.layers]
        self.feedback = [layer.feedback.astype(np.int64) for layer in network.layers]
        self.rates = [np.zeros(layer.n_post, np.int64) for layer in network.layers]
        self.shared = network.rounding == "shared"
        self.n_learned = 0
        if self.shared:
            n = len(network.layers)
            self.rng_x = [np.random.default_rng(network.seed + i) for i in range(n)]
            self.rng_y = [np.random.default_rng(network.seed + 2 + i) for i in range(n)]
            self.rng_var = np.random.default_rng(2)
            for rng in (*self.rng_x, *self.rng_y, self.rng_var):
                rng.random()  # drawn when the engine is built

    def noise(self, layer: int, step: int):
        """Uniform numbers for x1, x2 and y, and a function for w, t and B."""
        net = self.net
        if self.shared:
            x = self.rng_x[layer].random(2)[1]
            y = self.rng_y[layer].random(2)[1]
            return x, x, y, lambda purpose, shape: self.u_var * 128
        x1, x2 = (
            int(draw(stream(net.seed, purpose, layer, 0), step) >> np.uint64(8)) / 2**24
            for purpose in (4, 5)
        )

        def own(purpose, shape):
            return synapse_bits(stream(net.seed, purpose, layer, step), *shape)

        return x1, x2, 1.0, own

    def alpha(self, tau: float) -> float:
        exact = math.exp(-1 / tau)
        return exact if self.shared else round(exact * 2**24) / 2**24

    def learn(self, input_spikes: np.ndarray, label: int) -> int:
        """One sample. input_spikes: (steps, n_inputs) bool. Returns the prediction."""
        net, layers = self.net, self.net.layers
        n_hidden, steps = len(layers) - 1, net.steps
        number, out = self.n_learned, layers[-1].n_post
        probing = number % n_hidden
        zeros = [np.zeros(layer.n_post, np.int64) for layer in layers]
        u, v, counts, a_in = ([z.copy() for z in zeros] for _ in range(4))
        x1 = [np.zeros(layer.n_pre, np.int64) for layer in layers]
        x2 = [x.copy() for x in x1]
        tags = [np.zeros_like(weights) for weights in self.weights]
        jumps = [np.full_like(weights, 128) for weights in self.weights]
        own, third = [z.copy() for z in zeros], [z.copy() for z in zeros]
        self.woken = [z.astype(bool) for z in zeros]
        payload_in = [z.copy() for z in zeros]
        self.spikes = [np.zeros((steps, layer.n_post), bool) for layer in layers]
        self.tags: dict[int, np.ndarray] = {}  # at the end of the presentation
        self.jumps: dict[int, np.ndarray] = {}
        error = direction = np.zeros(out, np.int64)

        for step in range(net.period):
            now = number * net.period + step
            if self.shared:
                self.u_var = self.rng_var.random()
            below = input_spikes[step] if step < steps else np.zeros(layers[0].n_pre)
            below = below.astype(np.int64)
            for i, layer in enumerate(layers):
                u_x1, u_x2, u_y, bits = self.noise(i, now)
                shape = self.weights[i].shape
                spike, sent = zeros[i].astype(bool), zeros[i].copy()
                y1, y2, y3 = (zeros[i].copy() for _ in range(3))
                if step < steps:  # present
                    current = lif_decay(u[i], 4096 - layer.du - 1) + (a_in[i] << 6)
                    u[i] = np.where(current > 2**23, current - 2**24, current)
                    u[i] = np.where(current <= -(2**23), current + 2**24, u[i])
                    v[i] = lif_decay(v[i], 4096 - layer.dv) + u[i]
                    v[i] = np.clip(v[i], -(2**23) + 1, 2**23 - 1)
                    spike = v[i] > layer.vth << 6
                    v[i][spike] = 0
                    counts[i] += spike
                    self.spikes[i][step] = spike
                    sent = spike.astype(np.int64)
                    for post in np.flatnonzero(spike):
                        y1[post] = self.reciprocal(u[i][post], layer)
                    if step == layer.wake_step:  # rate below a spike in 200 samples
                        self.woken[i] = (counts[i] == 0) & (self.rates[i] < 327)
                        y1[self.woken[i]] = 64
                elif step <= steps + n_hidden:  # probe, one layer a step
                    payload_in[i] += np.clip(a_in[i], -(2**23), 2**23 - 1) * (
                        step == steps + i and i > probing
                    )
                    if step == steps + i and i < n_hidden:
                        fired = counts[i] > 0
                        if i == probing and net.feedback_kind == "sfdfa":
                            key = stream(net.seed, 8, i, number)
                            top = draw(key, np.arange(layer.n_post)) >> np.uint64(31)
                            own[i] = np.where(top == 1, 1, -1)
                            sent = own[i] * fired
                        elif i > probing and net.feedback_kind == "sfdfa":
                            weighted = payload_in[i] * (self.rates[i] >> 8)
                            weighted = (weighted + 2048) >> 12  # 8 + 4 bits
                            sent = np.clip(weighted, -(2**23), 2**23 - 1)
                if i == n_hidden and step == steps + n_hidden:  # error
                    shift = layers[probing].payload_shift
                    half = 1 << shift >> 1
                    direction = np.clip((payload_in[i] + half) >> shift, -64, 63)
                    target = np.full(out, net.target_false)
                    target[label] = net.target_true
                    error = target - counts[i]
                    if net.loss == "margin":
                        true = np.arange(out) == label
                        error = np.where(true == (error > 0), error, 0)
                    key = stream(net.seed, 12, i, number)
                    y3 = self.factor(layer, error * layer.error_gain, key)
                    if net.feedback_kind == "symmetric":
                        self.copy_paths(counts)
                if i < n_hidden and step == steps + n_hidden + 1:  # commit
                    third[i] = self.feedback[i] @ error
                    missing = (layer.target_rate - self.rates[i]) >> 8
                    total = third[i] * layer.error_gain
                    total = total + missing * layer.homeostasis_gain
                    y3 = self.factor(layer, total, stream(net.seed, 12, i, number))
                    y3 *= (counts[i] > 0) | self.woken[i]
                    moved = (counts[i] << 16) - self.rates[i]
                    self.rates[i] += (moved + 256) >> 9
                if step in (steps + n_hidden + 2, steps + n_hidden + 3):  # reset
                    y2[:] = 32
                learned = net.feedback_kind == "sfdfa" and i == probing
                if learned and step == steps + n_hidden + 4:
                    self.learn_feedback(i, own[i], counts[i], direction, u_y, bits)
                alpha_y = math.exp(-1 / 65535) if self.shared else 1.0
                y1, y2, y3 = (decay(y, alpha_y, u_y) for y in (y1, y2, y3))

                # The connection: send, take spikes into the traces, learn.
                a_in[i] = self.weights[i] @ below
                pre = below != 0
                if step < steps:  # probe spikes would enter, but are not read again
                    x1[i] = decay(x1[i], self.alpha(layer.x1_tau), u_x1)
                    x2[i] = decay(x2[i], self.alpha(layer.x2_tau), u_x2)
                    x1[i] = np.minimum(x1[i] + layer.impulse * pre, 127)
                    x2[i] = np.minimum(x2[i] + layer.impulse * pre, 127)
                tag, weight = layer.rule.tag, layer.rule.weight
                y0 = spike[:, None].astype(np.int64)
                if step == layer.wake_step:
                    y0 |= self.woken[i][:, None]
                recursive, kept = layer.rule.jump is not None, jumps[i] - 128

                def grow(scale, y0=y0, y1=y1[:, None], i=i, kept=kept, both=recursive):
                    m, e = scale.mantissa, scale.exponent
                    yield product(14, -m, e, y0, y1, x2[i])
                    yield product(14, m, e, y0, y1, x1[i])
                    if both:
                        yield product(16, m, e + 2, y0, y1, kept)

                total_t = accumulate(
                    tags[i], *grow(tag), product(16, -1, 0, tags[i], y2[:, None])
                )
                total_w = accumulate(
                    self.weights[i],
                    product(16, weight.mantissa, weight.exponent, y3[:, None], tags[i]),
                )
                if recursive:
                    loss = layer.rule.decay
                    total_d = accumulate(
                        jumps[i],
                        *grow(layer.rule.jump),
                        product(9, -loss.mantissa, loss.exponent, kept),
                        product(16, -1, 0, kept, y2[:, None]),
                    )
                    total_d = np.maximum(total_d, 0)
                    jumps[i] = np.clip(round_up(total_d, bits(11, shape)), 0, 255)
                tags[i] = np.clip(round_up(total_t, bits(6, shape)), -256, 255)
                new = np.clip(round_up(total_w, bits(7, shape)), -128, 127)
                self.weights[i] = new
                if step == steps - 1:
                    self.tags[i], self.jumps[i] = tags[i], jumps[i]
                below = sent
        assert not any(tag.any() for tag in tags), "the reset left tags"
        self.n_learned += 1
        return max(range(out), key=lambda o: (counts[-1][o], v[-1][o], -o))

    @staticmethod
    def factor(layer, total: np.ndarray, key: int) -> np.ndarray:
        """To a multiple of what the commit's shift by 5 takes from a product, at
        random the one below or above."""
        unit = 32 // layer.rule.weight.mantissa
        below, rest = np.divmod(total, unit * 2**16)
        bits = draw(key, np.arange(total.size)).astype(np.int64)
        up = rest + bits * (unit * 2**16) // 2**32 >= unit * 2**16
        most = 127 // unit * unit
        return np.clip((below + up) * unit, -most, most)

    @staticmethod
    def reciprocal(current: int, layer) -> int:
        """2**exponent / current from the six leading bits, in exact fractions."""
        if current <= 0:
            return 127
        length = int(current).bit_length()
        lead = int(current) * 2.0 ** (6 - length) // 1
        table = round(4096 / (lead + 0.5))
        value = table * 2.0 ** (layer.reciprocal_exponent - 12 - (length - 6))
        return int(min(max(math.floor(value + 0.5), 1), 127))

    def copy_paths(self, counts) -> None:
        path = self.weights[-1].T
        for i in range(len(self.weights) - 2, -1, -1):
            relays = len(self.weights) - 2 - i
            shift = self.net.layers[i].payload_shift + 4 * relays
            self.feedback[i] = np.clip(
                (16 * path + (1 << shift >> 1)) >> shift, -128, 127
            )
            path = self.weights[i].T @ (path * (counts[i] > 0)[:, None])

    def learn_feedback(self, i, own, counts, direction, u_y, bits) -> None:
        """x0*(x1-64)*y1 and -x0*y3*w, on the feedback projection."""
        fired = counts > 0
        alpha_y = math.exp(-1 / 65535) if self.shared else 1.0
        y1 = decay(32 * own * fired, alpha_y, u_y)
        y3 = decay(8 * fired, alpha_y, u_y)
        old = self.feedback[i]
        total = accumulate(
            old,
            product(14, 1, -7, direction[None, :], y1[:, None]),
            product(16, -1, -7, y3[:, None], old),
        )
        new = round_up(total, bits(9, old.shape))
        self.feedback[i] = np.clip(new, -128, 127)
