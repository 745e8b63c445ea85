"""Symmetric feedback: copies forward path weights, as no chip can."""
