"""X: v1.1 and v2 payloads, streams, compliance events and account archives to canonical rows; the v2 API live."""
