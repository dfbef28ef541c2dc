"""Dagster objects and nothing else: each file wires functions that live elsewhere."""
