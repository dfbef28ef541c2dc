"""Captions of invented worlds with what is true of each, and how well the rules read them. No test belongs here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.disclosure import AMBIGUOUS, CLEAR_TEXT, LEVELS, NONE, PLATFORM_LABEL
from pipelines.analysis.text_signals import signals_of
from pipelines.nightly.text_rules import read_text_rules
from pipelines.world.drawn import LANGUAGES, NOBODY, PLATFORMS, POST
from pipelines.world.native.names import Names
from pipelines.world.simulate import simulate
from pipelines.world.truth import DISCLOSURES

LABELLED: Final = frozenset({"instagram", "tiktok", "tumblr", "x", "youtube"})
"""Platforms whose files say that a post is paid for."""
_KEYWORDS: Final = re.compile(r"#(?:ad|sponsored)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Captions:
    """Posts of a world, as far as files can tell them.

    Attributes:
        texts: Caption of each.
        platforms: Platform of each.
        languages: True language of each.
        levels: True level of each; a label that the platform's files do not tell is none.
        is_sponsored: Whether it is paid for.
        is_labelled: Whether the platform's label is told.
    """

    texts: list[str]
    platforms: list[str]
    languages: NDArray[np.str_]
    levels: NDArray[np.str_]
    is_sponsored: NDArray[np.bool_]
    is_labelled: NDArray[np.bool_]


@dataclass(frozen=True)
class Read:
    """What the rules, or a baseline, make of captions: the level, and how probably each is commercial."""

    levels: NDArray[np.str_]
    probabilities: NDArray[np.float64]


def captions(world: str, size: str, seed: int, day_count: int) -> Captions:
    """Own posts of the first days of a world; of the others a caption has its hashtags behind it, as exports have it."""
    simulation = simulate(world, size, seed)
    names = Names.of(seed, simulation.accounts, simulation.niches, simulation.trends, simulation.outlets)
    texts: list[str] = []
    platforms: list[str] = []
    columns: dict[str, list[NDArray[np.int64]]] = {"language": [], "sponsor": [], "disclosure": []}
    for day in simulation.days():
        if day.day >= day_count:
            break
        posts = day.posts.take(day.posts.kind == POST)
        tags = names.tags(posts)
        texts += [" #".join([sentence, *own]) for sentence, own in zip(names.sentences(posts), tags, strict=True)]
        platforms += [PLATFORMS[one] for one in simulation.accounts.platform[posts.account].tolist()]
        for name, parts in columns.items():
            parts.append(np.asarray(getattr(posts, name)))
    language, sponsor, disclosure = (np.concatenate(parts) for parts in columns.values())
    is_sponsored = sponsor != NOBODY
    told = np.array([platform in LABELLED for platform in platforms])
    stated = np.array(DISCLOSURES)[disclosure]
    levels = np.where(is_sponsored & ((stated != PLATFORM_LABEL) | told), stated, NONE)
    return Captions(texts, platforms, np.array(LANGUAGES)[language], levels, is_sponsored, levels == PLATFORM_LABEL)


def read(found: Captions, ruleset: str) -> Read:
    """Read captions by the rules of a rule set."""
    rules = read_text_rules()
    levels, odds = [], []
    label = rules.commercial.weights["platform_label"]
    for text, platform, is_labelled in zip(found.texts, found.platforms, found.is_labelled.tolist(), strict=True):
        signals = signals_of(text, [], platform, rules)
        level = next(each["level"] for each in signals["disclosures"] if each["ruleset"] == ruleset)
        levels.append(PLATFORM_LABEL if is_labelled else level)
        odds.append(signals["commercial_log_odds"] + (label if is_labelled else 0.0))
    return Read(np.array(levels), 1 / (1 + np.exp(-np.array(odds))))


def keyword_search(found: Captions) -> Read:
    """The baseline: a post that holds #ad or #sponsored discloses clearly and is commercial, and no other."""
    hits = np.array([bool(_KEYWORDS.search(text)) for text in found.texts])
    return Read(np.where(hits, CLEAR_TEXT, NONE), hits.astype(float))


def majority(found: Captions) -> Read:
    """The other baseline: no post discloses anything."""
    return Read(np.full(len(found.texts), NONE), np.zeros(len(found.texts)))


def macro_f1(true: NDArray[np.str_], said: NDArray[np.str_], levels: Sequence[str] = LEVELS) -> float:
    """Mean of the levels' F1, over the levels that are there."""
    scores = []
    for level in levels:
        if (true == level).any():
            hits = float(((true == level) & (said == level)).sum())
            scores.append(2 * hits / float((true == level).sum() + (said == level).sum()))
    return float(np.mean(scores))


def average_precision(is_positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Area under the precision-recall curve as the step-wise sum; ties come in together."""
    order = np.argsort(-scores, kind="stable")
    hits = is_positive[order]
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    recalled, called = np.cumsum(hits)[ends], ends + 1.0
    recall = np.concatenate([[0.0], recalled / hits.sum()])
    return float(((recall[1:] - recall[:-1]) * (recalled / called)).sum())


DISCLOSED: Final = (PLATFORM_LABEL, CLEAR_TEXT, AMBIGUOUS)
