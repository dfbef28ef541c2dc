"""One folder per platform: native payload to canonical rows. No Dagster, no files written, no network outside client.py."""
