"""One night from end to end as plain functions: what Dagster and the command line both call. No Dagster."""
