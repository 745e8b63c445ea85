"""Train spiking networks with SFDFA in the integers of Intel's Loihi chips."""

__version__ = "0.1.0"
