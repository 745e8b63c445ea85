"""Trainings: the loop over epochs, its records and pictures, streams, comparisons."""
