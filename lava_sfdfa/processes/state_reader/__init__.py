"""Reads the state of a layer through RefPorts."""
