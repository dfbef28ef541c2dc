"""What the rules make of captions of invented worlds, in four languages, against what is true: scores of domain E.3 with their baselines.

The worlds' captions are few and plain; these figures say that nothing is broken, not how the rules do on real captions.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.world.drawn import LANGUAGES
from tests.unit.analysis.caption_worlds import (
    DISCLOSED,
    Captions,
    Read,
    average_precision,
    captions,
    keyword_search,
    macro_f1,
    majority,
    read,
)


@pytest.fixture(scope="module")
def world() -> Captions:
    return captions("P6_full_realistic", "tiny", 1, 80)


@pytest.fixture(scope="module")
def found(world: Captions) -> Read:
    return read(world, "ftc_2023")


def test_levels_of_disclosure_are_told_in_every_language(world: Captions, found: Read) -> None:
    overall = macro_f1(world.levels, found.levels)
    slices = {
        language: macro_f1(world.levels[of], found.levels[of])
        for language in LANGUAGES
        if (of := world.languages == language).any()
    }
    print(f"macro-F1 {overall:.3f}, {slices}")
    assert overall >= 0.95
    assert min(slices.values()) >= 0.9


def test_commercial_posts_are_told_also_where_nothing_discloses_them(world: Captions, found: Read) -> None:
    silent = ~np.isin(found.levels, DISCLOSED)
    overall = average_precision(world.is_sponsored, found.probabilities)
    of_silent = average_precision(world.is_sponsored[silent], found.probabilities[silent])
    print(f"PR-AUC {overall:.3f}, of posts that disclose nothing {of_silent:.3f}")
    assert min(overall, of_silent) >= 0.9


def test_the_baselines_do_worse(world: Captions, found: Read) -> None:
    ours = macro_f1(world.levels, found.levels), average_precision(world.is_sponsored, found.probabilities)
    for baseline in (keyword_search(world), majority(world)):
        theirs = macro_f1(world.levels, baseline.levels), average_precision(world.is_sponsored, baseline.probabilities)
        print(f"macro-F1 {theirs[0]:.3f}, PR-AUC {theirs[1]:.3f}")
        assert theirs[0] < ours[0]
        assert theirs[1] < ours[1]


def test_the_area_under_the_curve_is_one_for_a_perfect_order_and_the_share_for_none() -> None:
    positive = np.array([True, False, True, False])
    assert average_precision(positive, np.array([0.9, 0.1, 0.8, 0.2])) == 1.0
    assert average_precision(positive, np.zeros(4)) == 0.5
