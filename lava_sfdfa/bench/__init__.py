"""How fast the engine is: in itself, against the machine, and against stock Lava."""
