"""One asset of fetched pages per platform that can be collected live, before its intake."""

from datetime import date

import dagster as dg

from pipelines.http.clients import CLIENTS
from pipelines.http.protocol import PlatformClient
from pipelines.nightly.collection import collect_for_night
from pipelines.partitions import NIGHTS, ONE_NIGHT_A_RUN, OWNERS
from pipelines.settings import from_environment


def fetched_pages(platform: str, client: PlatformClient) -> dg.AssetsDefinition:
    """The collection of one platform: it never stops the night, since what could not be fetched is told by coverage."""
    key = dg.AssetKey([platform, "pages"])

    @dg.multi_asset(
        name=f"{platform}_collection",
        specs=[
            dg.AssetSpec(
                key,
                description=f"One row per page that the watchlist had fetched from {platform} for the night; none without a watchlist.",
                group_name="collect",
                owners=OWNERS,
                kinds={"python"},
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "whole", asset=key, blocking=False, description="Every watched item was collected to its end, or skipped."
            )
        ],
        partitions_def=NIGHTS,
        backfill_policy=ONE_NIGHT_A_RUN,
        pool=platform,
    )
    def collection(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        night = date.fromisoformat(context.partition_key)
        settings = from_environment()
        told = collect_for_night(settings.paths, settings.watchlist, platform, client, night)
        context.log.info(told.sentence)
        return dg.MaterializeResult(
            asset_key=key,
            metadata={"dagster/row_count": told.page_count, "what happened": told.sentence},
            check_results=[
                dg.AssetCheckResult(
                    asset_key=key,
                    check_name="whole",
                    passed=told.is_whole,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"what happened": told.sentence},
                )
            ],
        )

    return collection


@dg.definitions
def collect() -> dg.Definitions:
    """Every platform's collection."""
    return dg.Definitions(assets=[fetched_pages(platform, client) for platform, client in CLIENTS.items()])
