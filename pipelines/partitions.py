"""The one partition scheme: a night is a UTC day."""

from typing import Final

import dagster as dg

NIGHTS: Final = dg.DailyPartitionsDefinition(start_date="2026-01-01", timezone="UTC", fmt="%Y-%m-%d")
OWNERS: Final = ["team:undercurrent"]
# A night stands on the one before it: a backfill runs them one after the other, each in a run of its own.
ONE_NIGHT_A_RUN: Final = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
