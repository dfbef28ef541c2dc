"""What analysts ask of a published snapshot: the questions of dbt_project/analyses, and the niches of a month in every form."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner, Result
from jinja2 import Template

from pipelines.cli import main
from pipelines.lake.paths import DataPaths
from pipelines.publish.reader import ask
from tests.installation import ROOT, Installation

QUESTIONS = sorted((ROOT / "dbt_project" / "analyses").glob("*.sql"))
# In a tiny world it may be that no trend has enough adopters for it.
MAY_HAVE_NO_ANSWER = {"small_before_large"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda file: file.stem)
def test_each_question_has_an_answer(backfilled: Installation, question: Path) -> None:
    sql = Template(question.read_text()).render(ref=lambda model: model)
    answer = ask(DataPaths(backfilled.data), sql)
    assert answer.num_columns > 2
    assert answer.num_rows > 0 or question.stem in MAY_HAVE_NO_ANSWER


def test_each_question_is_described() -> None:
    described = yaml.safe_load((ROOT / "dbt_project" / "analyses" / "_analyses.yml").read_text())["analyses"]
    assert {each["name"] for each in described} == {file.stem for file in QUESTIONS}
    assert all(each["description"] for each in described)


def _niches(installed: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["niches", "--data", str(installed.data), *arguments])


def test_the_niches_of_the_last_month_are_listed_by_name(backfilled: Installation) -> None:
    names = ask(DataPaths(backfilled.data), "select name from niche_months where month = (select max(month) from niche_months)")
    done = _niches(backfilled)
    assert done.exit_code == 0, done.output
    assert names.num_rows
    assert all(name.split(",")[0] in done.output for name in names["name"].to_pylist())


@pytest.mark.parametrize("shape", ["gexf", "graphml", "svg"])
def test_a_month_of_niches_is_a_graph_file_and_a_picture(backfilled: Installation, tmp_path: Path, shape: str) -> None:
    month, count = (
        ask(DataPaths(backfilled.data), "select min(month) as month, count(*) from niche_months group by month")
        .to_pylist()[0]
        .values()
    )
    file = tmp_path / f"niches.{shape}"
    done = _niches(backfilled, "--month", f"{month:%Y-%m}", "--format", shape, "--out", str(file))
    assert done.exit_code == 0, done.output
    root = ET.parse(file).getroot()  # noqa: S314 - our own file
    marks = {"gexf": ".//{*}node", "graphml": ".//{*}node", "svg": ".//{*}circle[@fill]"}
    assert len(root.findall(marks[shape])) >= (count if shape != "svg" else 1)


def test_a_month_without_niches_is_refused_with_those_that_there_are(backfilled: Installation) -> None:
    done = _niches(backfilled, "--month", "1999-01")
    assert done.exit_code == 1
    assert "none in 1999-01; there are 2026-" in done.output
    assert _niches(backfilled, "--month", "August").exit_code == 2
