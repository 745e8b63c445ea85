"""Run a plan as it is placed: cores, and messages that find their way by axon tables.

Every core knows its slices of neurons and the synapses of its input axons, nothing
else; what leaves a neuron reaches others only through `axon_out` and `axon_in` of the
plan. Arithmetic and random numbers are those of the engine, with the numbers of the
neurons in the whole network, so that spikes and weights have to be the same wherever
the cores are. A message may be a spike (1) or a graded value.
"""

from typing import Any, NamedTuple

import numpy as np

from lava_sfdfa.chip import arithmetic, random
from lava_sfdfa.chip.protocol import (
    DIRECTION_MAX,
    DIRECTION_MIN,
    FACTOR_BITS,
    RATE_BITS,
    RATE_COARSE_BITS,
    RATE_SHIFT,
    SILENT_RATE,
    output_errors,
)
from lava_sfdfa.data.events import Events
from lava_sfdfa.deploy.mapping.reach import synapses
from lava_sfdfa.deploy.plan.plan import PlanContent, planned_network
from lava_sfdfa.deploy.run.core import Connection, FrozenConnection, Slice
from lava_sfdfa.deploy.run.kernels import (
    Place,
    commit,
    decay,
    draw_payloads,
    grow,
    keep_jumps,
    learn_feedback,
)
from lava_sfdfa.engine.credit import PAYLOAD_MAX, PAYLOAD_MIN, relay
from lava_sfdfa.engine.front import make_neurons
from lava_sfdfa.engine.neurons import integrate
from lava_sfdfa.engine.presentation import TRACE_MAX
from lava_sfdfa.engine.state import Noise, make_noise, make_parameters
from lava_sfdfa.network.fixed import FixedNetwork
from lava_sfdfa.types import Array


class Firing(NamedTuple):
    """How the neurons of a population integrate and fire."""

    decay_u: int
    decay_v: int
    threshold: int
    bias: Array  # of all its neurons, int32


class Simulator:
    """A plan at work; `messages` counts what went from core to core.

    Populations are numbered as in the graph: inputs, frozen layers, those that learn,
    labels and errors. `first` is the population that the first layer that learns reads.
    """

    def __init__(self, plan: PlanContent):
        self.plan, self.tables = plan, plan.arrays
        self.network = planned_network(plan)
        self.first = len(self.network.front)
        self.n_learned = int(plan.facts["n_learned"])
        n_layers = len(self.network.layers)
        self.parameters = [
            make_parameters(self.network, k, 1.0) for k in range(n_layers)
        ]
        populations = plan.graph.populations
        self.offset = np.concatenate([[0], np.cumsum([p.size for p in populations])])
        self.slices = [
            Slice(int(population), int(begin), int(end - begin))
            for population, begin, end in zip(
                *(
                    self.tables[f"slice_{name}"]
                    for name in ("population", "begin", "end")
                ),
                strict=True,
            )
        ]
        self.firing = self._firing()
        for part in self.slices:
            if part.population in self.firing:
                bias = self.firing[part.population].bias
                part.bias = bias[part.begin : part.begin + part.n].copy()
        self._load_rates()
        self.connections = self._connect()
        self.core_of = self._cores_of_neurons()
        n_cores = len(self.tables["core_place"])
        self.messages = np.zeros((n_cores, n_cores), np.int64)
        self.outbox: list[tuple[Array, Array]] = []
        self.spikes: list[list[tuple[int, int]]] = []

    def _firing(self) -> dict[int, Firing]:
        """Of every population that integrates and fires: layers, frozen or not."""
        found = {}
        for number, frozen in enumerate(self.network.front):
            n = make_neurons(frozen)
            found[number + 1] = Firing(n.decay_u, n.decay_v, n.threshold, n.bias)
        pairs = zip(self.network.layers, self.parameters, strict=True)
        for number, (layer, p) in enumerate(pairs):
            population = self.first + number + 1
            found[population] = Firing(p.decay_u, p.decay_v, p.threshold, layer.biases)
        return found

    def layer_of(self, part: Slice) -> int:
        """Which of the layers that learn a slice belongs to; negative for others below
        these, too large for those above."""
        return part.population - self.first - 1

    def _load_rates(self) -> None:
        sizes = [layer.n_post for layer in self.network.layers[:-1]]
        first = np.concatenate([[0], np.cumsum(sizes)])
        for part in self.slices:
            layer = self.layer_of(part)
            if 0 <= layer < len(sizes):
                begin = first[layer] + part.begin
                part.rate = self.tables["rates"][begin : begin + part.n].copy()

    def _connect(self) -> list[Any]:
        connections: list[Any] = []
        projections = self.plan.graph.projections
        order = np.argsort(self.tables["axon_in_connection"], kind="stable")
        of_axon = self.tables["axon_in_connection"][order]
        first = np.searchsorted(
            of_axon, np.arange(len(self.tables["connection_slice"]) + 1)
        )
        for number, cut in enumerate(self.tables["connection_slice"]):
            projection = projections[self.tables["connection_projection"][number]]
            if projection.kind == "frozen":
                part, layer = self.slices[cut], self.network.front[projection.layer]
                held = synapses(layer, part.begin, part.begin + part.n)
                connections.append(FrozenConnection(part, held))
                continue
            axons = order[first[number] : first[number + 1]]
            sources = np.empty(len(axons), np.int32)
            sources[self.tables["axon_in_row"][axons]] = self.tables["axon_in_source"][
                axons
            ]
            connections.append(
                Connection(
                    projection.kind,
                    self.slices[cut],
                    self.plan.weights_of(number).copy(),
                    sources,
                )
            )
        return connections

    def _cores_of_neurons(self) -> Array:
        core_of = np.zeros(self.offset[-1], np.int32)
        for part, core in zip(self.slices, self.tables["slice_core"], strict=True):
            begin = self.offset[part.population] + part.begin
            core_of[begin : begin + part.n] = core
        return core_of

    # --- messages -----------------------------------------------------------------

    def send(self, population: int, neurons: Array, values: int | Array) -> None:
        """Neurons of a population send a value each, to all of their targets."""
        sent = np.broadcast_to(np.asarray(values, np.int32), neurons.shape)
        self.outbox.append((self.offset[population] + neurons, sent))

    def deliver(self) -> list[tuple[Any, Array, Array]]:
        """Bring what was sent to the axons of the target cores: for every connection
        that receives something the rows of its weights and the values."""
        neurons = np.concatenate([sent[0] for sent in self.outbox]).astype(np.int64)
        values = np.concatenate([sent[1] for sent in self.outbox])
        self.outbox = []
        first = self.tables["axon_out_first"]
        count = first[neurons + 1] - first[neurons]
        skipped = np.cumsum(count) - count
        entry = np.repeat(first[neurons] - skipped, count) + np.arange(count.sum())
        core = self.tables["axon_out_core"][entry]
        np.add.at(self.messages, (np.repeat(self.core_of[neurons], count), core), 1)
        axon = self.tables["axon_in_first"][core] + self.tables["axon_out_axon"][entry]
        connection = self.tables["axon_in_connection"][axon]
        order = np.argsort(connection, kind="stable")
        row, value = self.tables["axon_in_row"][axon], np.repeat(values, count)
        cuts = np.flatnonzero(np.diff(connection[order])) + 1
        return [
            (self.connections[connection[part[0]]], row[part], value[part])
            for part in np.split(order, cuts)
            if len(part)
        ]

    # --- a sample -----------------------------------------------------------------

    def classify(self, events: Events, order: Array) -> Array:
        """Predict the classes of the samples `order`, without learning: int64."""
        predictions = np.empty(len(order), np.int64)
        noises = [self.noise(k, 0, 0) for k in range(len(self.parameters))]
        for position, sample in enumerate(order):
            self.present(events, int(sample), noises, 0, learning=False)
            predictions[position] = self.predict()
        return predictions

    def learn(self, events: Events, labels: Array, order: Array) -> Array:
        """Learn the samples `order`; predictions before each was learned: int64."""
        network, predictions = self.network, np.empty(len(order), np.int64)
        for position, sample in enumerate(order):
            begin = self.n_learned * network.period
            noises = [
                self.noise(k, begin, network.period)
                for k in range(len(self.parameters))
            ]
            self.present(events, int(sample), noises, begin, learning=True)
            predictions[position] = self.predict()
            self.assign_credit(int(labels[sample]), noises, begin)
            self.n_learned += 1
        return predictions

    def noise(self, layer: int, first: int, count: int) -> Noise:
        """Random numbers of a layer, as the engine draws them."""
        network = self.network
        return make_noise(network.rounding, network.seed, layer, first, count)

    def present(
        self,
        events: Events,
        sample: int,
        noises: list[Noise],
        begin: int,
        learning: bool,
    ) -> None:
        """Show one sample: `spikes` has (step, neuron) of every layer afterwards."""
        for part in self.slices:
            part.rest()
        for line in self.connections:
            line.rest()
        self.spikes = [[] for _ in range(self.first + len(self.parameters) + 1)]
        for step in range(self.network.steps):
            now = {id(part): self.step_neurons(part, step) for part in self.slices}
            self.send(0, events.inputs_at(sample, step).astype(np.int64), 1)
            received = self.deliver()
            if learning:
                for line in self.connections:
                    if line.kind == "forward":
                        self.decay_traces(line, noises, step)
            for line, rows, values in received:
                line.target.total += line.drive(rows, values).astype(np.int32)
                if learning and line.kind == "forward":
                    impulse = self.parameters[self.layer_of(line.target)].impulse
                    for trace in (line.x1, line.x2):
                        trace[rows] = np.minimum(trace[rows] + impulse, TRACE_MAX)
            if learning:
                for line in self.connections:
                    if line.kind == "forward":
                        fired = now[id(line.target)]
                        growing = self.growing(line.target, fired, step)
                        self.grow(line, growing, noises, step, begin)

    def step_neurons(self, part: Slice, step: int) -> Array:
        """Integrate and fire; the neurons of the slice that spike are sent off."""
        if part.population not in self.firing:
            return np.zeros(0, np.int64)  # inputs and labels; errors only add up
        p = self.firing[part.population]
        integrate(part.u, part.v, part.total, part.bias, p.decay_u, p.decay_v)
        fired = np.flatnonzero(part.v > p.threshold)
        part.v[fired] = 0
        part.n_spikes[fired] += 1
        self.send(part.population, part.begin + fired, 1)
        self.spikes[part.population] += [
            (step, part.begin + int(neuron)) for neuron in fired
        ]
        return fired

    def decay_traces(self, line: Connection, noises: list[Noise], step: int) -> None:
        """Traces of the input axons lose a step."""
        layer = self.layer_of(line.target)
        p, noise = self.parameters[layer], noises[layer]
        decay(line.x1, p.alpha1, noise.x1[step])
        decay(line.x2, p.alpha2, noise.x2[step])

    def growing(self, part: Slice, fired: Array, step: int) -> Array:
        """Neurons of a slice whose tags grow: those that spike or are woken."""
        if step != self.parameters[self.layer_of(part)].wake_step:
            return fired
        silent = (part.n_spikes == 0) & (part.rate < SILENT_RATE)
        return np.union1d(fired, np.flatnonzero(silent))

    def grow(
        self,
        line: Connection,
        growing: Array,
        noises: list[Noise],
        step: int,
        begin: int,
    ) -> None:
        """Tags of the neurons whose tags grow in this step."""
        layer, part = self.layer_of(line.target), line.target
        p, noise = self.parameters[layer], noises[layer]
        place = self.place(part, begin + step)
        if p.recursive:
            keep_jumps(
                p, line.jumps, growing, part.tagged, line.sources, place,
                noise.bits[step],
            )  # fmt: skip
        part.tagged[growing] = 1
        synapses = (line.tags, line.jumps, line.x1, line.x2)
        drawn = (noise.y[step], noise.bits[step])
        state = (part.u, part.n_spikes)
        grow(p, synapses, growing, state, line.sources, place, drawn)

    def place(self, part: Slice, counter: int) -> Place:
        """What chooses the random numbers of a slice in a step or sample."""
        return Place(part.begin, self.network.seed, counter)

    def predict(self) -> int:
        """The output with most spikes; of equal ones that with the highest v."""
        counts, v = (
            self.gather(self.first + len(self.parameters), name).tolist()
            for name in ("n_spikes", "v")
        )
        return max(range(len(v)), key=lambda k: (counts[k], v[k], -k))

    def gather(self, population: int, name: str) -> Array:
        """A state of all neurons of a population, from its slices."""
        parts = [part for part in self.slices if part.population == population]
        parts.sort(key=lambda part: part.begin)
        return np.concatenate([getattr(part, name) for part in parts])

    # --- what follows the presentation ----------------------------------------------

    def assign_credit(self, true: int, noises: list[Noise], begin: int) -> None:
        """Probe, error, commit, feedback."""
        network, n_hidden = self.network, self.network.n_hidden
        output = self.first + n_hidden + 1
        label, error = output + 1, output + 2
        probing = network.schedule.probing(self.n_learned)
        learned = network.learns_feedback
        if learned:
            self.probe(probing)
        targets = np.full(network.sizes[-1], network.target_false)
        targets[true] = network.target_true
        self.send(label, np.arange(len(targets)), targets)
        for line, rows, values in self.deliver():
            line.target.third += line.drive(rows, values).astype(np.int32)
        for part in self.of(error):
            # third has the targets, total the spikes of the outputs
            is_true = np.arange(part.n) + part.begin == true
            one_sided = network.loss == "margin"
            errors = output_errors(part.total, part.third, is_true, one_sided)
            self.send(error, part.begin + np.arange(part.n), errors)
        for line, rows, values in self.deliver():
            line.target.third += line.drive(rows, values).astype(np.int32)
        for line in self.connections:
            if line.kind == "forward":
                self.commit(line, noises, begin)
        if learned:
            self.learn_feedback(probing, output, error, noises, begin)

    def of(self, population: int) -> list[Slice]:
        """Slices of a population."""
        return [part for part in self.slices if part.population == population]

    def probe(self, probing: int) -> None:
        """Payloads of one hidden layer travel to the outputs, a layer in a step."""
        last = self.first + len(self.parameters)
        for part in self.slices:
            if part.population <= last:
                part.total[:] = 0
        begin = self.first + probing + 1
        for part in self.of(begin):
            draw_payloads(
                part.own, part.fired, probing, self.place(part, self.n_learned)
            )
            part.total[:] = part.own
        for population in range(begin, last):
            for part in self.of(population):
                sending = part.fired
                if population > begin:
                    relay(part.total, part.rate)
                    sending = np.arange(part.n)
                self.send(population, part.begin + sending, part.total[sending])
            for line, rows, values in self.deliver():
                part = line.target
                part.total += line.drive(rows, values).astype(np.int32)
            for part in self.of(population + 1):
                np.clip(part.total, PAYLOAD_MIN, PAYLOAD_MAX, out=part.total)

    def commit(self, line: Connection, noises: list[Noise], begin: int) -> None:
        """Third factors and weight changes of a slice, the outputs a step earlier."""
        part, layer = line.target, self.layer_of(line.target)
        p, network = self.parameters[layer], self.network
        is_output = layer == network.n_hidden
        step = network.schedule.error if is_output else network.schedule.commit
        total = part.third.astype(np.int64) * p.error_gain
        if not is_output:
            missing = (p.target_rate - part.rate) >> (RATE_BITS - RATE_COARSE_BITS)
            total += missing.astype(np.int64) * p.homeostasis_gain
            behind = (part.n_spikes << RATE_BITS) - part.rate
            part.rate += (behind + (1 << RATE_SHIFT >> 1)) >> RATE_SHIFT
        key = np.uint64(
            random.stream_key(network.seed, random.FACTOR, layer, self.n_learned)
        )
        factor, _ = arithmetic.round_factors(
            total, FACTOR_BITS, p.factor_bits, key, part.begin
        )
        decay(factor, p.alpha_y, noises[layer].y[step])
        tagged = np.flatnonzero(part.tagged)
        commit(
            p, (line.weights, line.tags), tagged, factor, line.sources,
            self.place(part, begin + step), noises[layer].bits[step],
        )  # fmt: skip

    def learn_feedback(
        self, probing: int, output: int, error: int, noises: list[Noise], begin: int
    ) -> None:
        """The outputs hand on what they read; B of the probing layer moves."""
        p = self.parameters[probing]
        for part in self.of(error):
            part.total[:] = 0
        for part in self.of(output):
            self.send(output, part.begin + np.arange(part.n), part.total)
        for line, rows, values in self.deliver():
            line.target.total += line.drive(rows, values).astype(np.int32)
        for part in self.of(error):
            sent = (part.total + (1 << p.payload_shift >> 1)) >> p.payload_shift
            sent = np.clip(sent, DIRECTION_MIN, DIRECTION_MAX)
            self.send(error, part.begin + np.arange(part.n), sent)
        step = self.network.schedule.feedback
        noise = noises[probing]
        for line, rows, values in self.deliver():
            if line.kind == "feedback" and self.layer_of(line.target) == probing:
                direction = np.zeros(len(line.sources), np.int32)
                direction[line.sources[rows]] = values
                part = line.target
                learn_feedback(
                    p, line.weights, (part.fired, part.own),
                    (np.argsort(line.sources), direction),
                    self.place(part, begin + step), (noise.y[step], noise.bits[step]),
                )  # fmt: skip

    # --- results ------------------------------------------------------------------

    def learned_network(self) -> FixedNetwork:
        """The network with the weights that the cores hold now."""
        flat = [
            np.zeros(0, np.int8),
            *(line.weights.ravel() for line in self.connections),
        ]
        arrays = {**self.tables, "weights": np.concatenate(flat)}
        return planned_network(PlanContent(self.plan.facts, arrays))

    def rates(self) -> list[Array]:
        """Running means of the hidden layers."""
        first = self.first + 1
        return [self.gather(first + k, "rate") for k in range(self.network.n_hidden)]
