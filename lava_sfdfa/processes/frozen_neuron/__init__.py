"""A layer of neurons that never learn, with the schedule of a sample."""
