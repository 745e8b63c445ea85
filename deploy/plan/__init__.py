"""A plan as data: content, check, files, and the report for people."""
