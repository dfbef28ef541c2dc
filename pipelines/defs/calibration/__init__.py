"""Dagster wiring of this stage."""
