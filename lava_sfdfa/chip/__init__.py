"""The chip: widths, arithmetic, random numbers, protocol of a sample, rule texts."""
