"""What the benchmark runs compiled; it stands alone, see `cache.SOURCES`."""

from lava_sfdfa.cache import disk_cached
from lava_sfdfa.engine.layers import parameters_of
from lava_sfdfa.engine.sample import forward, load_input, make_train
from lava_sfdfa.engine.state import Clock


@disk_cached
def present_samples(layers, events, order, start, period):
    """Present samples so that tags grow, and stop there. start: a `Clock`."""
    train = make_train(events, parameters_of(layers, 0).steps)
    for position in range(order.size):
        at = position * period
        load_input(events, order[position], train)
        forward(layers, train, Clock(start.seed, start.begin + at, at), True, False)
