"""The rule in floating point: neurons with exact spike times, and their gradients.

This is where to learn the algorithm, equation by equation, and what the integers are
held against. Everything is event-driven: a layer's input is a list of spikes, its
output another; between two spikes the equations are solved in closed form.

A neuron (Bacho & Chu, arXiv 2403.08804, eq. 1; times in seconds, c its threshold):

    tau u' = -u + g        tau_s g' = -g
    input spike of j: g += w_j        at u = c: a spike, and u -= c

With k = tau_s / (tau - tau_s), and sums over the input spikes so far,

    P = sum w_j exp(t_j / tau_s)
    Q = sum w_j exp(t_j / tau) - c / k sum exp(t_k / tau)
    u(t) = k (Q exp(-t / tau) - P exp(-t / tau_s))        g(t) = P exp(-t / tau_s)

Eligibility of a spike k at time t (how much earlier it comes for a larger weight; the
implicit function theorem on u(t) = c, with tau u' = g - c before the spike):

    v_ij = du_i / dw_ij        e_ij += tau v_ij / D        v_ij *= 1 + c / D

exact for D = g - c, stabilised (SFDFA) for D = g, which cannot vanish.

Learning, once a sample, from spike counts n and targets y, for L = sum (y - n)**2 / 2:

    outputs: dw = lr e_ij (y_i - n_i)
    hidden:  dw = lr e_ij (sum_o B_io (y_o - n_o) + lambda (rho - r_i))

B is fixed and random (DFA), the forward path weights (symmetric, for comparison), or
learned from forward passes alone (SFDFA): neurons send random payloads p_i along with
their spikes, outputs read their weighted sum d_o, and E[p_i d_o] is the path weight.

    B_io += alpha (p_i d_o - B_io), where i fired
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from lava_sfdfa.types import Array

EXACT, STABILISED = "exact", "stabilised"
BISECTIONS = 80  # halvings of an interval: below the spacing of floats


@dataclass(frozen=True)
class Neurons:
    """Parameters of a layer of neurons. Times in seconds."""

    tau: float  # of the membrane
    tau_s: float  # of the synaptic current
    threshold: float  # c, in units of the weights

    @property
    def gain(self) -> float:
        """k: from a current to the membrane; 1 for tau = 2 tau_s."""
        return self.tau_s / (self.tau - self.tau_s)


@dataclass(frozen=True)
class Spikes:
    """Spikes in the order of their times."""

    times: Array  # (n,) float64, seconds
    neurons: Array  # (n,) int64

    def counts(self, size: int) -> Array:
        """Spikes of each of `size` neurons: int64 (size,)."""
        return np.bincount(self.neurons, minlength=size)


# --- a spike time -----------------------------------------------------------------


@njit
def membrane(t, p, q, tau, tau_s):
    """u(t) from P and Q."""
    k = tau_s / (tau - tau_s)
    return k * (q * math.exp(-t / tau) - p * math.exp(-t / tau_s))


@njit
def next_spike(p, q, threshold, tau, tau_s, start, end):
    """The first time in (start, end] at which u reaches the threshold, or infinity.

    u starts below the threshold and has one maximum at the most, so that a crossing
    lies before it: in closed form for tau = 2 tau_s, else by bisection.
    """
    if p <= 0.0 or q <= 0.0:  # no current, or a membrane that only falls
        return math.inf
    if tau == 2.0 * tau_s:
        root = q * q - 4.0 * threshold * p
        if root < 0.0:
            return math.inf
        t = tau * math.log(2.0 * p / (q + math.sqrt(root)))
        return t if start < t <= end else math.inf
    peak = math.log((p * tau) / (q * tau_s)) * tau * tau_s / (tau - tau_s)
    low, high = start, min(peak, end)
    if high <= low or membrane(high, p, q, tau, tau_s) < threshold:
        return math.inf
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if membrane(middle, p, q, tau, tau_s) < threshold:
            low = middle
        else:
            high = middle
    return high


@njit
def spike_times(weights, times, neurons, threshold, tau, tau_s, end):
    """Spike times of one neuron. weights: float64 (n_pre,); times, neurons: its input
    spikes in order; end: of the simulation, seconds. Returns float64 (n_spikes,)."""
    k = tau_s / (tau - tau_s)
    p, q, now = 0.0, 0.0, 0.0  # P and Q for times since `now`, which cannot overflow
    spikes = []
    for event in range(times.size + 1):
        stop = min(times[event], end) if event < times.size else end
        start = 0.0
        while True:
            t = next_spike(p, q, threshold, tau, tau_s, start, stop - now)
            if t == math.inf:
                break
            spikes.append(now + t)
            q -= threshold / k * math.exp(t / tau)
            start = t
        if event < times.size:
            p *= math.exp(-(times[event] - now) / tau_s)
            q *= math.exp(-(times[event] - now) / tau)
            p += weights[neurons[event]]
            q += weights[neurons[event]]
            now = times[event]
    return np.array(spikes)


def run_layer(weights: Array, neurons: Neurons, inputs: Spikes, end: float) -> Spikes:
    """Output spikes of a layer. weights: float64 (n_post, n_pre); end: seconds."""
    trains = [
        spike_times(
            row,
            inputs.times,
            inputs.neurons,
            neurons.threshold,
            neurons.tau,
            neurons.tau_s,
            end,
        )
        for row in weights
    ]
    times = np.concatenate(trains)
    owners = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    order = np.argsort(times, kind="stable")
    return Spikes(times[order], owners[order])


# --- eligibility of one neuron ----------------------------------------------------


def response(t: float, inputs: Spikes, n_pre: int, neurons: Neurons) -> Array:
    """What each input alone would do to u by time t, for a weight of 1: (n_pre,)."""
    before = inputs.times < t
    age = t - inputs.times[before]
    kernel = np.exp(-age / neurons.tau) - np.exp(-age / neurons.tau_s)
    return neurons.gain * np.bincount(inputs.neurons[before], kernel, n_pre)


def current(t: float, weights: Array, inputs: Spikes, neurons: Neurons) -> float:
    """g at time t."""
    before = inputs.times < t
    decay = np.exp(-(t - inputs.times[before]) / neurons.tau_s)
    return float(np.sum(weights[inputs.neurons[before]] * decay))


def slope(g: float, neurons: Neurons, kind: str, floor: float = 0.0) -> float:
    """D of the rule: tau u' before a spike (exact), or after it (stabilised); `floor`
    times the threshold at the least."""
    c = neurons.threshold
    return max(g - c if kind == EXACT else g, floor * c)


def eligibility(
    weights: Array,
    neurons: Neurons,
    inputs: Spikes,
    spikes: Array,
    kind: str = STABILISED,
    floor: float = 0.0,
) -> Array:
    """How much earlier each spike of one neuron comes for larger weights.

    weights: float64 (n_pre,); spikes: its spike times. Returns -dt_k/dw_j in seconds,
    float64 (n_spikes, n_pre); for `EXACT` the true derivatives, whose sum over k is
    e_ij. In closed form: the jumps that earlier spikes left in v_ij decay with tau.
    """
    jumps = np.zeros(len(weights))  # what spikes added to v, as it was at `last`
    last, derivatives = 0.0, np.zeros((len(spikes), len(weights)))
    for number, t in enumerate(spikes):
        jumps *= math.exp(-(t - last) / neurons.tau)
        v = response(t, inputs, len(weights), neurons) + jumps
        denominator = slope(current(t, weights, inputs, neurons), neurons, kind, floor)
        derivatives[number] = neurons.tau * v / denominator
        jumps += v * neurons.threshold / denominator
        last = t
    return derivatives


def online_eligibility(
    weights: Array,
    neurons: Neurons,
    inputs: Spikes,
    spikes: Array,
    kind: str = STABILISED,
) -> Array:
    """e_ij, the sum of `eligibility` over the spikes, as a chip would do it: every
    variable knows only its own value and decays; float64 (n_pre,).

    x, X: fast and slow trace of an input; v: of a synapse, driven by x.
    """
    n_pre, k = len(weights), neurons.gain
    x, v, e = np.zeros(n_pre), np.zeros(n_pre), np.zeros(n_pre)
    g, now = 0.0, 0.0
    events = [(t, 0, j) for t, j in zip(inputs.times, inputs.neurons, strict=True)]
    events += [(t, -1, -1) for t in spikes]  # before an input at the same time
    for t, _, j in sorted(events):
        slow = math.exp(-(t - now) / neurons.tau)
        fast = math.exp(-(t - now) / neurons.tau_s)
        v = slow * v + k * (slow - fast) * x
        x, g, now = fast * x, fast * g, t
        if j >= 0:
            x[j] += 1.0
            g += weights[j]
        else:
            denominator = slope(g, neurons, kind)
            e += neurons.tau * v / denominator
            v = v * (1.0 + neurons.threshold / denominator)
    return e


# --- learning ---------------------------------------------------------------------


def hidden_factors(
    feedback: Array,
    errors: Array,
    rates: Array,
    homeostasis: float,
    target_rate: float,
) -> Array:
    """Third factor of hidden neurons: credit, and homeostasis (float64 (n_post,)).

    feedback: B, (n_post, n_out); errors: (n_out,); rates: r, spikes a sample, in the
    mean over samples; homeostasis: lambda; target_rate: rho.
    """
    return feedback @ errors + homeostasis * (target_rate - rates)


def path_weights(weights: list[Array], fired: list[Array]) -> Array:
    """Symmetric feedback: from a layer to the outputs, through all layers between.

    weights: of the layers above it, (n_post, n_pre) each; fired: bool, which neurons
    of each layer between did. Returns (n_neurons, n_out).
    """
    path = weights[-1].T
    for matrix, active in zip(weights[-2::-1], fired[::-1], strict=True):
        path = matrix.T @ (path * active[:, None])
    return path


def probe_direction(weights: list[Array], fired: list[Array], payload: Array) -> Array:
    """d of a probe phase, in which time stands still: float64 (n_out,).

    Every neuron of the probing layer that fired sends its payload once; the layers
    above pass on what they receive where they fired; outputs read, silent ones too.
    E[p_i d_o] is the path weight, for payloads of -1 and 1 with equal chances.

    weights: of the layers above the probing one; fired: of the probing layer and of
    the layers between; payload: p of the probing layer.
    """
    sent = payload * fired[0]
    for matrix, active in zip(weights[:-1], fired[1:], strict=True):
        sent = (matrix @ sent) * active
    return weights[-1] @ sent


def carried_payloads(
    weights: Array,
    inputs: Spikes,
    payloads: Array,
    outputs: Spikes,
    own: Array,
) -> Array:
    """The authors' form: payloads travel with the spikes. Float64, one a spike.

    A neuron sums weight times payload of what arrives, and sends the sum with its next
    spike; the first also carries its own payload p. d_o is the sum of what output o
    sent, so a silent output reads nothing, and E[p_i d_o] falls short of the path
    weight by the share of samples in which its last spike came too early.

    payloads: of the input spikes; own: p of each neuron, 0 for outputs.
    """
    carried = np.zeros(len(outputs.times))
    for post, row in enumerate(weights):
        arriving = row[inputs.neurons] * payloads
        start = -math.inf
        for spike in np.flatnonzero(outputs.neurons == post):
            t = outputs.times[spike]
            since = (inputs.times > start) & (inputs.times <= t)
            first = start == -math.inf
            carried[spike] = arriving[since].sum() + (own[post] if first else 0.0)
            start = t
    return carried


def learn_feedback(
    feedback: Array,
    payload: Array,
    direction: Array,
    fired: Array,
    rate: float,
) -> Array:
    """B after one sample: toward p d where the neuron fired. rate: alpha."""
    change = np.outer(payload, direction) - feedback
    return feedback + rate * change * fired[:, None]
