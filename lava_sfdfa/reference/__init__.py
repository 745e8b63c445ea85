"""The rule in floating point: equations, gradients, and the training of the authors."""
