"""What `fuzz.py` is made of: mutated bytes and trees, formats, readers, workers."""
