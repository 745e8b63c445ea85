"""The compiled engine: state, synapses, presentation, credit, a sample, a run."""
