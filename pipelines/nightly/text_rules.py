"""The rules of disclosure, commerce and closeness as the seeds have them. Reads seeds, judges no text."""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from pipelines.analysis.commercial import CommercialRule, CommercialRules
from pipelines.analysis.disclosure import DisclosureRules, Fold, Rule, Ruleset
from pipelines.analysis.parasocial import LexiconTerm, ParasocialLexicon
from pipelines.analysis.prevalence import Accuracy
from pipelines.analysis.text_signals import TextRules
from pipelines.nightly.outlets import read_outlets
from pipelines.settings import DBT_PROJECT

SEEDS: Final = DBT_PROJECT / "seeds"
FILES: Final = (
    "commercial_rules.csv",
    "commercial_weights.csv",
    "disclosure_rules.csv",
    "disclosure_rulesets.csv",
    "outlets.csv",
    "parasocial_lexicon.csv",
    "platform_folds.csv",
)
ACCURACY: Final = SEEDS / "commercial_accuracy.csv"
_ACCURACY_COUNTS: Final = ("true_positive_count", "false_negative_count", "true_negative_count", "false_positive_count")


def seed_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a seed, as they are written."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _number(written: str) -> int | None:
    return int(written) if written else None


@cache
def read_text_rules(seeds: Path = SEEDS) -> TextRules:
    """Make the rules ready. Raises ValueError, OutletsError where a seed holds what it cannot mean.

    Args:
        seeds: Folder of the seeds.
    """
    rows = {name: seed_rows(seeds / name) for name in FILES if name != "outlets.csv"}
    hashed = hashlib.sha256()
    for name in FILES:
        hashed.update(f"{name}\n".encode() + (seeds / name).read_bytes())
    rulesets = [
        Ruleset(
            row["ruleset"],
            int(row["rules_version"]),
            row["needs_before_fold"] == "true",
            row["needs_outside_hashtag_block"] == "true",
            row["needs_same_language"] == "true",
        )
        for row in rows["disclosure_rulesets.csv"]
    ]
    rules = [
        Rule(row["ruleset"], row["language"], row["form"], row["term"], row["level"]) for row in rows["disclosure_rules.csv"]
    ]
    # A brand is known by the name of its outlet and by its handles.
    brands = [
        (name, outlet.outlet_name)
        for outlet in read_outlets(seeds / "outlets.csv")
        if outlet.outlet_class == "brand"
        for name in (outlet.outlet_name, outlet.handle)
    ]
    return TextRules(
        DisclosureRules(rulesets, rules),
        CommercialRules(
            [CommercialRule(row["kind"], row["language"], row["term"]) for row in rows["commercial_rules.csv"]],
            {row["reason"]: float(row["log_odds"]) for row in rows["commercial_weights.csv"]},
            brands,
        ),
        ParasocialLexicon(LexiconTerm(row["language"], row["indicator"], row["term"]) for row in rows["parasocial_lexicon.csv"]),
        {
            row["platform"]: Fold(_number(row["fold_char_count"]), _number(row["fold_line_count"]))
            for row in rows["platform_folds.csv"]
        },
        hashed.hexdigest(),
    )


def read_accuracy(own: Path | None = None) -> Accuracy | None:
    """How well commercial posts without a disclosure are found, by the measurement that is in use; None where there is none.

    Args:
        own: A file of the seed's columns, measured on posts of the same kind as the data; where there is none, the seed counts.

    Raises:
        ValueError: more than one measurement is said to be in use.
    """
    file = own if own is not None and own.is_file() else ACCURACY
    used = [row for row in seed_rows(file) if row["is_used"] == "true"]
    if len(used) > 1:
        raise ValueError(f"{file.name}: only one measurement can be used")
    return Accuracy(*(int(used[0][name]) for name in _ACCURACY_COUNTS)) if used else None
