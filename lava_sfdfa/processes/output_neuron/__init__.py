"""The layer of outputs, which knows the label and sends the errors."""
