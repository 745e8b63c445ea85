"""A plan at work: on the simulator of plans, or on a board."""
