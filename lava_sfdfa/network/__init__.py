"""Networks: in real units, in integers, their rule, and the artifact on disk."""
