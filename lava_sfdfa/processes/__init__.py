"""Lava Processes of the network: the same integers as the compiled engine.

A folder a Process, with its models; Lava executes every file that lies beside a
Process, so nothing else may be there. Only this package imports Lava, and `deploy/run`.
"""
