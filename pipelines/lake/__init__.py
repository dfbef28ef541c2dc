"""The canonical lake: schemas, paths, atomic writes, quarantine, pseudonyms, ledger. No Dagster, no platform's quirks."""
