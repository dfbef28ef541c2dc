"""The committed pages of the tables are those that the models declare."""

from __future__ import annotations

from pipelines.docs.tables import FOLDER, pages
from pipelines.nightly.stages import MARTS


def test_the_committed_pages_are_the_generated_ones() -> None:
    committed = {file.name: file.read_text() for file in FOLDER.glob("*.md")}
    assert committed == pages(), "run: make docs"


def test_every_published_table_has_a_page_that_starts_with_its_grain_and_names_every_column() -> None:
    made = pages()
    for table in (*MARTS, "gate_results"):
        page = made[f"{table}.md"]
        assert "One row per" in page
        assert page.count("\n| ") > 5


def test_a_key_may_not_be_null_and_a_withheld_number_may() -> None:
    rows = {
        line.split(" | ")[0].removeprefix("| "): line.split(" | ")
        for line in pages()["creator_months.md"].splitlines()
        if " | " in line
    }
    assert rows["creator_key"][3] == "no"
    assert rows["engagement_rate"][3] == "yes"
    assert rows["engagement_rate"][2] == "ratio"


def test_a_counter_that_is_not_offered_is_said_to_be() -> None:
    assert "| youtube | repost_count | no | not offered |" in pages()["offered_metrics.md"]
