"""Data sets: samples, where they come from, and how they become spikes."""
