"""One ingest asset per platform and lake table, from one factory."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from pipelines.http.clients import CLIENTS
from pipelines.lake.pseudonyms import load_or_create
from pipelines.nightly.stages import IngestStage, table_grain
from pipelines.partitions import NIGHTS, ONE_NIGHT_A_RUN, OWNERS
from pipelines.platforms.registry import PLATFORMS, PlatformSpec
from pipelines.settings import from_environment


def landed_tables(platform: PlatformSpec) -> dg.AssetsDefinition:
    """The ingest step of one platform: an asset for each analytic table, gated before anything reads it."""
    tables = [table for table in platform.tables if not table.startswith("vault_")]

    @dg.multi_asset(
        name=f"{platform.name}_intake",
        specs=[
            dg.AssetSpec(
                [platform.name, table],
                deps=[[platform.name, "pages"]] if platform.name in CLIENTS else [],
                description=f"One row per {table_grain(table)}, as the files of {platform.name} tell it.",
                group_name="ingest",
                owners=OWNERS,
                kinds={"python", "parquet"},
            )
            for table in tables
        ],
        check_specs=[
            dg.AssetCheckSpec("landed", asset=[platform.name, table], blocking=True, description=f"Suite landed/{table}.json.")
            for table in tables
        ],
        partitions_def=NIGHTS,
        backfill_policy=ONE_NIGHT_A_RUN,
        pool=platform.name,
    )
    def intake(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        settings = from_environment()
        night = date.fromisoformat(context.partition_key)
        stage = IngestStage(
            settings.paths, settings.inbox, platform, night, context.run.run_id, settings.parse_workers, settings.limits
        )
        landed = stage.run(load_or_create(settings.paths.secret_file))
        for table in tables:
            failed = landed.failures(table)
            yield dg.MaterializeResult(
                asset_key=[platform.name, table],
                metadata={
                    "dagster/row_count": landed.intake.row_counts[table],
                    "records read": landed.intake.record_count,
                    "records quarantined": landed.intake.quarantined_count,
                    "records duplicate": landed.intake.duplicate_count,
                    "records erased": landed.intake.erased_count,
                    "unknown files": landed.intake.unknown_files,
                    "touched days": len(landed.intake.touched_days),
                    "preview": dg.MetadataValue.md(landed.preview(table)),
                },
                check_results=[
                    dg.AssetCheckResult(
                        asset_key=[platform.name, table],
                        check_name="landed",
                        passed=not failed,
                        metadata={"checks": landed.check_count(table), "failed": [result.sentence() for result in failed]},
                    )
                ],
            )

    return intake


@dg.definitions
def ingest() -> dg.Definitions:
    """Every platform's intake."""
    return dg.Definitions(assets=[landed_tables(platform) for platform in PLATFORMS.values()])
