"""Makes docs/tables from the YAML of the dbt models, the seed of offered metrics and the schema of the gate log."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.quality.results import GATE_RESULTS
from pipelines.settings import DBT_PROJECT, PROJECT

FOLDER: Final = PROJECT / "docs" / "tables"
_HEAD: Final = "<!-- Made by `make docs`; change the YAML of the models instead. -->\n"
_UNITS: Final = {
    "_count": "count",
    "_ratio": "ratio",
    "_rate": "ratio",
    "_share": "share, 0 to 1",
    "_probability": "probability",
    "_hours": "hours",
    "_days": "days",
    "_bits": "bits",
    "_at": "time, UTC",
    "_key": "pseudonym",
    "_value": "probability",
    "month": "first day of the month, UTC",
    "day": "UTC day",
    "night": "UTC day",
    "covered_on": "UTC day",
}
# gate_results is no dbt model: the last gate judges the marts, so the publish step writes it (docs/decisions.md).
_GATE_RESULTS: Final = {
    "night": "The night that was judged.",
    "run_id": "Dagster's run.",
    "gate": "landed, staged, derived or marts.",
    "table_name": "Table, or platform/table of the lake.",
    "check_name": "What was asked.",
    "engine": "Who asked: a suite, dbt, a reconciliation or the calibration.",
    "severity": "error closes the gate; where the calibration asked, it withholds the table and lets the night go on.",
    "passed": "Whether the answer was as wanted.",
    "observed": "What was seen; NULL where the check tells nothing.",
    "failing_row_count": "Rows that failed; NULL where the check counts none.",
    "sample_keys": "Keys of some of these rows.",
    "checked_at": "When it was asked.",
}


def pages() -> dict[str, str]:
    """All pages by file name, as they should be committed."""
    models = sorted(_models(), key=lambda model: str(model["name"]))
    made = {f"{model['name']}.md": _page(model) for model in models}
    made["gate_results.md"] = _gate_results()
    made["offered_metrics.md"] = _offered_metrics()
    made["README.md"] = _index(models)
    return made


def _models() -> list[dict[str, Any]]:
    files = sorted((DBT_PROJECT / "models" / "marts").rglob("*.yml"))
    return [{**model, "area": file.parent.name} for file in files for model in yaml.safe_load(file.read_text()).get("models", [])]


def _page(model: dict[str, Any]) -> str:
    lines = [_HEAD, f"# {model['name']}\n", f"{model['description'].strip()}\n"]
    lines += ["| column | type | unit | may be NULL | meaning |", "|---|---|---|---|---|"]
    for column in model["columns"]:
        cells = (
            column["name"],
            column["data_type"],
            _unit(column["name"]),
            "yes" if _may_be_null(column) else "no",
            column["description"],
        )
        lines.append(_row(cells))
    lines.append("\nNULL means not known, not offered or withheld, as the meaning says; 0 is a zero.")
    if any(column["name"].startswith(("engagement_", "replies_")) for column in model["columns"]):
        lines.append("Which counters a platform offers: [offered_metrics](offered_metrics.md).")
    if any(column["name"] == "method_version" for column in model["columns"]):
        lines.append(
            "How the numbers are computed, and how often they were wrong in worlds with known truth: [methods](../methods.md)."
        )
    return "\n".join(lines) + "\n"


def _may_be_null(column: dict[str, Any]) -> bool:
    constraints = {constraint["type"] for constraint in column.get("constraints", [])}
    return "not_null" not in constraints and "not_null" not in column.get("data_tests", [])


def _unit(column: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if column.endswith(ending)), "")


def _gate_results() -> str:
    lines = [
        _HEAD,
        "# gate_results\n",
        "One row per check and night. Written by the publish step, with the marts in one snapshot.\n",
    ]
    lines += ["| column | type | unit | may be NULL | meaning |", "|---|---|---|---|---|"]
    for field in GATE_RESULTS:
        lines.append(
            _row((field.name, str(field.type), _unit(field.name), "yes" if field.nullable else "no", _GATE_RESULTS[field.name]))
        )
    return "\n".join(lines) + "\n"


def _offered_metrics() -> str:
    seed = DBT_PROJECT / "seeds" / "platform_metric_semantics.csv"
    lines = [_HEAD, "# Which counters a platform offers\n"]
    lines.append(
        "From the seed `platform_metric_semantics`. A counter that is not offered is NULL, whatever the platform shows elsewhere.\n"
    )
    lines += ["| platform | metric | offered | meaning |", "|---|---|---|---|"]
    with seed.open(newline="") as stream:
        for row in csv.DictReader(stream):
            lines.append(_row((row["platform"], row["metric"], "yes" if row["is_offered"] == "true" else "no", row["meaning"])))
    return "\n".join(lines) + "\n"


def _index(models: list[dict[str, Any]]) -> str:
    lines = [_HEAD, "# Published tables\n"]
    lines.append(
        "In `DATA/published/current` as Parquet, and as views with these comments in `DATA/published/undercurrent.duckdb`.\n"
    )
    lines += ["| table | area | what a row is |", "|---|---|---|"]
    for model in models:
        grain = model["description"].strip().split(". ")[0].rstrip(".")
        lines.append(_row((f"[{model['name']}]({model['name']}.md)", model["area"], grain)))
    lines.append(_row(("[gate_results](gate_results.md)", "quality", "One row per check and night")))
    lines.append("\nSee also [which counters a platform offers](offered_metrics.md).")
    return "\n".join(lines) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").strip() for cell in cells) + " |"


def write(folder: Path = FOLDER) -> None:
    """Write all pages, and remove those of tables that are gone."""
    made = pages()
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.md"):
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write()
    sys.stdout.write(f"{FOLDER}\n")
