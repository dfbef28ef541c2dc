"""What a niche is called: its most distinctive terms, or the well-known scene whose words they are. Finds no terms and no niches."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from pipelines.analysis.vocabulary import KINDS, VocabularyParameters

NICHE_NAMES: Final = pa.schema(
    [
        pa.field("niche", pa.int64(), nullable=False),
        pa.field("name", pa.string()),  # NULL: no distinctive term
        pa.field("scene", pa.string()),  # NULL: no scene of the lexicon, or two that are too close
        pa.field("scene_overlap", pa.float64(), nullable=False),  # of the best scene, whether it was taken or not
        pa.field("runner_up_overlap", pa.float64(), nullable=False),
    ]
)
_WITHOUT_SIGNS: Final = str.maketrans("", "", " -_.'\u2019")


def _comparable(term: str) -> str:
    """A term as the lexicon is looked up: 'Clean-Beauty', 'clean beauty' and 'cleanbeauty' are one."""
    return unicodedata.normalize("NFKC", term).casefold().translate(_WITHOUT_SIGNS)


def scene_overlaps(vocabulary: Sequence[Mapping[str, Any]], lexicon: pa.Table) -> dict[str, tuple[float, int]]:
    """Measure how far a niche's vocabulary is a scene's: its terms' weights in the scene's lexicon, averaged by z.

    Args:
        vocabulary: Rows of one niche, of ``NICHE_TERMS``.
        lexicon: ``scene``, ``term``, ``weight`` in (0, 1].

    Returns:
        By scene that has any of the terms: the overlap in [0, 1], and the number of distinct terms it has.
    """
    weights: dict[str, dict[str, float]] = {}
    for row in lexicon.to_pylist():
        by_scene = weights.setdefault(_comparable(row["term"]), {})
        by_scene[row["scene"]] = max(float(row["weight"]), by_scene.get(row["scene"], 0.0))
    certain: dict[str, float] = {}
    for row in vocabulary:
        term = _comparable(row["term"])
        certain[term] = max(float(row["log_odds_z"]), certain.get(term, 0.0))
    total = sum(certain[term] for term in sorted(certain))
    sums: dict[str, tuple[float, int]] = {}
    for term in sorted(certain):
        for scene, weight in weights.get(term, {}).items():
            overlap, count = sums.get(scene, (0.0, 0))
            sums[scene] = overlap + weight * certain[term] / total, count + 1
    return {scene: (round(overlap, 9), count) for scene, (overlap, count) in sums.items()}


def _naming_terms(vocabulary: Sequence[Mapping[str, Any]]) -> list[str]:
    """Distinct terms in the order in which they would name the niche: tags first, by rank."""
    rows = sorted(vocabulary, key=lambda row: (KINDS.index(row["term_kind"]), row["term_rank"]))
    return list(dict.fromkeys(str(row["term"]) for row in rows))


def _told_apart(terms: Sequence[str]) -> list[str]:
    """Terms without those that contain an earlier one or are part of it: 'moss, mossgarden' says moss twice."""
    kept: list[str] = []
    for term in terms:
        own = _comparable(term)
        if not any(own in _comparable(other) or _comparable(other) in own for other in kept):
            kept.append(term)
    return kept


def name_niches(
    vocabulary: pa.Table, niches: Sequence[int], lexicon: pa.Table, parameters: VocabularyParameters | None = None
) -> pa.Table:
    """Name the niches of one window, each by another name.

    A niche whose vocabulary is mostly that of one scene of the lexicon has the scene's name. Others are named by their most
    distinctive tags; where they have none, by communities, else by words, sounds or domains. Niches of the same name add
    their next distinctive term until they differ. The lexicon has no say in who belongs to a niche.

    Args:
        vocabulary: ``NICHE_TERMS`` of the window.
        niches: Those to name.
        lexicon: ``scene``, ``term``, ``weight`` in (0, 1]; no rows: no scenes.
        parameters: Defaults when None.

    Returns:
        ``NICHE_NAMES``, ordered by niche; the name is NULL where the niche has no distinctive term.
    """
    parameters = parameters or VocabularyParameters()
    rows: dict[int, list[Mapping[str, Any]]] = {niche: [] for niche in sorted(niches)}
    for row in vocabulary.to_pylist():
        if row["niche"] in rows:
            rows[row["niche"]].append(row)
    result: list[dict[str, Any]] = []
    parts, spare = {}, {}
    for niche, own in rows.items():
        overlaps = scene_overlaps(own, lexicon)
        ranked = sorted(overlaps, key=lambda scene: (-overlaps[scene][0], scene))
        best, term_count = overlaps[ranked[0]] if ranked else (0.0, 0)
        second = overlaps[ranked[1]][0] if len(ranked) > 1 else 0.0
        is_scene = (
            best >= parameters.smallest_scene_overlap
            and best - second >= parameters.smallest_scene_margin
            and term_count >= parameters.smallest_scene_terms
        )
        terms = _naming_terms(own)
        kind = min((row["term_kind"] for row in own), key=KINDS.index, default=None)
        apart = _told_apart(_naming_terms([row for row in own if row["term_kind"] == kind]))
        parts[niche] = [ranked[0]] if is_scene else apart[: parameters.name_term_count]
        spare[niche] = [term for term in terms if _comparable(term) not in map(_comparable, parts[niche])]
        result.append(
            {
                "niche": niche,
                "scene": ranked[0] if is_scene else None,
                "scene_overlap": best,
                "runner_up_overlap": second,
            }
        )
    names = _unique_names(parts, spare)
    return pa.Table.from_pylist([{**row, "name": names[row["niche"]]} for row in result], schema=NICHE_NAMES)


def _unique_names(parts: Mapping[int, Sequence[str]], spare: Mapping[int, Sequence[str]]) -> dict[int, str | None]:
    """Join the parts of names; niches of the same name take on their spare terms one by one, and a number in the end."""
    chosen = {niche: list(terms) for niche, terms in parts.items()}
    left = {niche: list(terms) for niche, terms in spare.items()}
    while True:
        holders: dict[str, list[int]] = {}
        for niche, terms in chosen.items():
            if terms:
                holders.setdefault(", ".join(terms), []).append(niche)
        growing = [niche for same in holders.values() if len(same) > 1 for niche in same if left[niche]]
        if not growing:
            break
        for niche in growing:
            chosen[niche].append(left[niche].pop(0))
    names: dict[int, str | None] = {niche: ", ".join(terms) or None for niche, terms in chosen.items()}
    for name, same in holders.items():
        for number, niche in enumerate(same[1:], 2):
            names[niche] = f"{name} ({number})"
    return names
