"""A user's own Lava Process, in a folder of its own; see `scripts/own_process.py`."""
