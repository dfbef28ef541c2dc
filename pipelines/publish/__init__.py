"""Write, audit, publish: a complete, gated snapshot or none. No Dagster, no model of its own."""
