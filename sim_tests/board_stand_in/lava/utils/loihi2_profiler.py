"""Lava takes lava-loihi as installed where this module is found."""
