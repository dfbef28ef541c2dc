"""Native payloads in, canonical rows out: the contracts of the platform formats."""
