"""The one partition scheme: a night is a UTC day."""

from typing import Final

import dagster as dg

NIGHTS: Final = dg.DailyPartitionsDefinition(start_date="2026-01-01", timezone="UTC", fmt="%Y-%m-%d")
OWNERS: Final = ["team:undercurrent"]
