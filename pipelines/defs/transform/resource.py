"""The dbt command line as a resource, without what it asks of itself before each step: seconds for what this environment knows."""

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version

from dagster_dbt import DbtCliResource
from packaging.version import Version


class HouseDbt(DbtCliResource):
    """Dbt of this very environment; nothing here asks the warehouse through dbt's adapter, so no adapter is made."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override] # its caller takes None where an adapter cannot be made
        """No handle to the warehouse in this process: only dbt opens it."""
