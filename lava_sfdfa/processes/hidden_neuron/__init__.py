"""A layer of hidden neurons with the schedule of a sample."""
