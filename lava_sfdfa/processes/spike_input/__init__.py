"""A stream of samples as input spikes, and their labels."""
