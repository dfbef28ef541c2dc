"""Shapes and growth of real cascades: retweet trees of rumours, phrases of blogs and news, retweets by follower count, tags of blogs. Run with ``-s``."""

from __future__ import annotations

import csv
import re
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path
from scipy.stats import spearmanr

from pipelines.analysis.cascade_trees import ROOT, Ints, forest_of
from tests.contracts.harness import REALDATA

pytestmark = pytest.mark.realdata
_TREES: Final = REALDATA / "twitter1516" / "twitter15_tree.tar.gz"
_TIDEH: Final = REALDATA / "cascades" / "TiDeH_data.tar.gz"
_PHRASES: Final = ("memetracker_cascade.txt", "memetracker_cascadevalid.txt")
_TAGS: Final = REALDATA / "tumblr_cottagecore" / "cascades.csv"
_LARGEST_BRUTE: Final = 400
# A user, a post and a delay.
_NODE: Final = re.compile(r"\['([^']*)', '([^']*)', '([^']*)'\]")


def _needs(path: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not path.exists(), reason=f"{path.name} is not beside this checkout")


def _members(archive: Path, suffix: str) -> Iterator[tuple[str, str]]:
    # In the archive's order: to go back in it is to decompress it from its beginning.
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(suffix):
                file = tar.extractfile(member)
                assert file is not None
                yield member.name, file.read().decode()


def _tree(text: str) -> Ints:
    """Parents of the nodes of one file, in the order of their delays.

    A node is a user's post. Edge lines stand twice at times, and a user may pass a post on again: its first edge from a node that was there before
    counts, so that there are no circles.
    """
    edges = []
    for line in dict.fromkeys(text.split("\n")):
        if "->" in line:
            above, below = _NODE.findall(line)
            edges.append((float(below[2]), float(above[2]), above[:2], below[:2]))
    place: dict[tuple[str, ...], int] = {}
    parent: list[int] = []
    for _, _, one, other in sorted(edges):
        if other not in place:
            place[other] = len(place)
            parent.append(place.get(one, ROOT) if one != other else ROOT)
    return np.array(parent, dtype=np.int64)


def _mean_distance(parent: Ints) -> float:
    rows = np.flatnonzero(parent != ROOT)
    ties = csr_matrix((np.ones(rows.size), (rows, parent[rows])), shape=(parent.size, parent.size))
    return float(shortest_path(ties, directed=False, unweighted=True).sum() / (parent.size * (parent.size - 1)))


@_needs(_TREES)
def test_retweet_trees_of_rumours_are_broadcasts_whatever_their_size() -> None:
    sizes, viralities, depths, shares, checked = [], [], [], [], 0
    for name, text in _members(_TREES, ".txt"):
        if "/tree/" not in name:
            continue
        parent = _tree(text)
        forest = forest_of(parent)
        largest = int(np.argmax(forest.size))
        if forest.size[largest] < 2:
            continue
        sizes.append(int(forest.size[largest]))
        viralities.append(float(forest.virality[largest]))
        depths.append(int(forest.depth[largest]))
        shares.append(float(forest.broadcast_share[largest]))
        if forest.root.size == 1 and sizes[-1] <= _LARGEST_BRUTE and checked < 700:
            assert viralities[-1] == pytest.approx(_mean_distance(parent))
            checked += 1
    rank = float(spearmanr(np.log(sizes), viralities).statistic)
    print(
        f"\n{len(sizes)} trees, {checked} against all pairs; size median {np.median(sizes):.0f}, largest {max(sizes)}; depth median "
        f"{np.median(depths):.0f}, largest {max(depths)}; virality quartiles {np.round(np.quantile(viralities, [0.25, 0.5, 0.75, 0.95]), 2)}, largest {max(viralities):.2f}; "
        f"largest broadcast median {np.median(shares):.2f}; rank correlation of size and virality {rank:.2f}"
    )
    assert len(sizes) > 1400
    assert checked > 500
    # Goel et al. (2016): mostly broadcasts, with a mean distance near that of a star.
    assert 1.9 < np.median(viralities) < 3.5
    assert np.median(shares) > 0.5


def _phrase_cascades() -> list[np.ndarray]:
    found = []
    for name in _PHRASES:
        lines = (REALDATA / "cascades" / name).read_text().splitlines()
        found += [np.sort([float(pair.split(",")[1]) for pair in line.split()]) for line in lines]
    return found


def _growth(hours: np.ndarray) -> tuple[float, float]:
    """Share of the final size after a day, and hours to half of it."""
    since = hours - hours[0]
    return float((since <= 24).mean()), float(since[(since.size - 1) // 2])


@_needs(REALDATA / "cascades" / _PHRASES[0])
def test_phrases_are_of_the_months_in_which_they_were_followed_and_half_of_a_cascade_takes_days() -> None:
    cascades = _phrase_cascades()
    hours = np.concatenate(cascades)
    first, last = (datetime.fromtimestamp(float(each) * 3600, UTC) for each in (hours.min(), hours.max()))
    days, halves = zip(*(_growth(each) for each in cascades if each.size >= 10), strict=True)
    print(
        f"\nMemeTracker: {len(cascades)} cascades, {first:%Y-%m-%d} to {last:%Y-%m-%d}, mean size {np.mean([each.size for each in cascades]):.1f}; after a day "
        f"{np.median(days):.2f} of the final size, half of it after {np.median(halves):.0f} h (medians of {len(days)} of ten or more)"
    )
    assert len(cascades) > 11_000
    assert 2007 < first.year <= last.year < 2011
    assert 0 < np.median(days) < 1


@_needs(_TIDEH)
def test_retweets_grow_for_a_day_and_most_reach_is_of_few_large_accounts() -> None:
    days, halves, sizes, retweets, reach = [], [], [], np.zeros(3), np.zeros(3)
    for name, text in _members(_TIDEH, ".txt"):
        if "/training/" not in name:
            continue
        rows = np.array([[float(each) for each in line.split()] for line in text.splitlines()[1:] if line.strip()])
        # Seconds since the tweet, over a week.
        assert (np.diff(rows[:, 0]) >= 0).all()
        assert rows[-1, 0] <= 8 * 86_400
        share, half = _growth(rows[:, 0] / 3600)
        days.append(share)
        halves.append(half)
        sizes.append(len(rows))
        # The first row is the tweet itself.
        tier = np.digitize(rows[1:, 1], [10_000, 100_000])
        retweets += np.bincount(tier, minlength=3)
        reach += np.bincount(tier, weights=rows[1:, 1], minlength=3)
    print(
        f"\nTiDeH: {len(sizes)} tweets, median {np.median(sizes):.0f} retweets; after a day {np.median(days):.2f} of them, half after {np.median(halves):.1f} h; "
        f"retweets micro/mid/large {np.round(retweets / retweets.sum(), 3)}, reach {np.round(reach / reach.sum(), 3)}"
    )
    assert len(sizes) == 100
    assert np.median(days) > 0.5
    assert retweets[0] / retweets.sum() > 0.9
    assert reach[0] / reach.sum() < retweets[0] / retweets.sum()


@_needs(_TAGS)
def test_which_tag_comes_first_among_blogs_is_said_beside_its_chance() -> None:
    with _TAGS.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["blog_name"], datetime.fromisoformat(row["time_posted"]), row["cascade_id"]) for row in csv.DictReader(file)]
    first: dict[str, dict[str, datetime]] = {}
    uses: dict[str, int] = {}
    for blog, at, tag in sorted(set(rows), key=lambda row: (row[1], row[0], row[2])):
        first.setdefault(blog, {}).setdefault(tag, at)
        uses[tag] = uses.get(tag, 0) + 1
    spans: dict[str, list[datetime]] = {}
    for _, at, tag in rows:
        spans.setdefault(tag, []).append(at)
    blogs: dict[str, set[str]] = {}
    for blog, _, tag in rows:
        blogs.setdefault(tag, set()).add(blog)
    # A blog's history deals its tags: the tag of the first of n uses is tag t with probability (its uses) / n.
    counted = [blog for blog in first if len(first[blog]) > 1]
    seen: dict[str, float] = {}
    chance: dict[str, float] = {}
    for blog in counted:
        own = [tag for name, _, tag in set(rows) if name == blog]
        earliest = min(first[blog].values())
        ties = [tag for tag, at in first[blog].items() if at == earliest]
        for tag in ties:
            seen[tag] = seen.get(tag, 0.0) + 1 / len(ties)
        for tag in set(own):
            chance[tag] = chance.get(tag, 0.0) + own.count(tag) / len(own)
    print(f"\nTumblr: {len(spans)} tags, {len(first)} blogs, {len(counted)} with two tags or more")
    for tag in sorted(spans, key=lambda each: -uses[each])[:8]:
        months = (max(spans[tag]) - min(spans[tag])).days / 30.4
        print(
            f"  {tag}: {uses[tag]} uses of {len(blogs[tag])} blogs over {months:.0f} months; first of a blog's tags {seen.get(tag, 0):.1f} times, by chance {chance.get(tag, 0):.1f}"
        )
    assert sum(seen.values()) == pytest.approx(len(counted))
    assert sum(chance.values()) == pytest.approx(len(counted))
    assert min(at.year for _, at, _ in rows) >= 2007
