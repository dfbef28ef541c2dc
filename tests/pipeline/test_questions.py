"""The analysts' questions of dbt_project/analyses, asked of a published snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jinja2 import Template

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
