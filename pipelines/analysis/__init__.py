"""Pure functions on Arrow tables and numpy arrays: niches, bursts, precedence, origins. No Dagster, no I/O, no clock."""
