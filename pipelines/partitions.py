"""The one partition scheme: a night is a UTC day, and each night runs by itself."""

from datetime import date
from typing import Final

import dagster as dg

# A night is a run, not the day of its data: an archive of 2019 is taken in by a night of today and touches event days of 2019.
# So there is no night before the first installation, and an earlier start would only add empty partitions to every asset.
FIRST_NIGHT: Final = date(2026, 1, 1)
NIGHTS: Final = dg.DailyPartitionsDefinition(start_date=FIRST_NIGHT.isoformat(), timezone="UTC", fmt="%Y-%m-%d")
# Each night has its own run: dagster-dbt's default would model several nights in one, and a closed gate must stop one night only.
ONE_NIGHT_A_RUN: Final = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
OWNERS: Final = ["team:undercurrent"]
