"""The gates: Great Expectations suites over Parquet, quarantine thresholds, the gate log. No Dagster, no expectation of its own."""
