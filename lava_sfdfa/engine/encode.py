"""From samples to the spikes that the layers that learn see."""

from lava_sfdfa.config import Config
from lava_sfdfa.data.encoding import Part, encode
from lava_sfdfa.data.samples import Samples
from lava_sfdfa.engine.front import through_front
from lava_sfdfa.network.fixed import FixedNetwork


def encode_for(network: FixedNetwork, samples: Samples, config: Config) -> Part:
    """Samples as spikes for the layers that learn: encoded, and through the front."""
    part = encode(samples, config)
    return Part(through_front(network.front, part.events, network.steps), part.labels)
