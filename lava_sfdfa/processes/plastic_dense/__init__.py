"""A LearningDense with rounding by synapse, 8-bit weights and a reset."""
