"""Measures of a culture against worlds with and without structure: false rates, order, abstention. Finds no niches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipelines.analysis.assortativity import RewiringParameters, assortativity
from pipelines.analysis.culture import (
    CULTURE_MEASURES,
    NICHE_MEASURES,
    PAIR_MEASURES,
    CultureParameters,
    CultureWindow,
    audience_overlaps,
    measure_culture,
)
from pipelines.analysis.divergence import DivergenceParameters, Divergences, niche_divergences
from pipelines.analysis.increments import text_words

UNITS = 600
FEW_DRAWS, FEW_GRAPHS = DivergenceParameters(draw_count=12), RewiringParameters(graph_count=30)
QUICK = CultureParameters(bootstrap_count=100, divergence=FEW_DRAWS, rewiring=FEW_GRAPHS)


def world(
    generator: np.random.Generator,
    sizes: tuple[int, ...],
    *,
    own_share: float = 0.0,
    habit: float | None = None,
    tokens: tuple[int, ...] | int = 12,
    inside: float = 0.0,
) -> CultureWindow:
    """Accounts that use units of a long-tailed distribution, a share of them the niche's own.

    Args:
        generator: Of draws.
        sizes: Members of each niche.
        own_share: Share of uses from the niche's own units.
        habit: Concentration of accounts' own habits (Dirichlet); None for none.
        tokens: Uses of an account, of each niche.
        inside: Share of edges that are drawn inside a niche.
    """
    niche = np.repeat(np.arange(len(sizes)), sizes)
    shares = 1 / np.arange(1, UNITS + 1) ** 1.1
    counts = np.zeros((niche.size, UNITS))
    uses = (tokens,) * len(sizes) if isinstance(tokens, int) else tokens
    for account, group in enumerate(niche):
        own = np.where(np.arange(UNITS) % len(sizes) == group, shares, 0.0)
        chance = (1 - own_share) * shares / shares.sum() + own_share * own / own.sum()
        if habit:
            chance = generator.gamma(habit * chance + 1e-12)
        counts[account] = generator.multinomial(uses[group], chance / chance.sum())
    reach = generator.lognormal(0.0, 1.0, niche.size)
    ends = generator.choice(niche.size, (2, 4 * niche.size), p=reach / reach.sum())
    local = np.flatnonzero(generator.random(ends.shape[1]) < inside)
    ends[1, local] = [generator.choice(np.flatnonzero(niche == niche[ends[0, edge]])) for edge in local]
    ends = ends[:, ends[0] != ends[1]]
    weights = np.asarray(generator.exponential(1.0, int(ends.shape[1])), dtype=np.float64)
    graph: csr_matrix = csr_matrix((weights, (ends[0], ends[1])), shape=(niche.size, niche.size))
    return CultureWindow(
        month=date(2026, 9, 1),
        account=text_words(f"a{number}" for number in generator.permutation(niche.size)),
        unit=text_words(f"u{number}" for number in range(UNITS)),
        niche_ids=tuple(f"n{number}" for number in range(len(sizes))),
        niche=niche,
        counts=csr_matrix(counts),
        graph=csr_matrix(graph.maximum(graph.T)),
        strengths=csr_matrix(np.eye(len(sizes))[niche]),
    )


def divergences(window: CultureWindow) -> Divergences:
    """Of the niches of a window."""
    return niche_divergences(window.counts, window.niche, window.account, len(window.niche_ids), FEW_DRAWS)


@pytest.mark.parametrize("habit", [None, 10.0], ids=["multinomial", "accounts_with_habits"])
@pytest.mark.parametrize(
    ("sizes", "tokens"), [((20, 20), 12), ((20, 80), 12), ((20, 40), (8, 40))], ids=["equal", "one_large", "one_prolific"]
)
def test_niches_that_share_one_distribution_are_not_distinct_whatever_their_size(
    habit: float | None, sizes: tuple[int, ...], tokens: tuple[int, ...] | int
) -> None:
    generator = np.random.default_rng(1)
    found = [divergences(world(generator, sizes, habit=habit, tokens=tokens)) for _ in range(30)]
    pairs, rest = np.array([one.pairs[0, 1] for one in found]), np.array([one.rest[0] for one in found])
    for values in (pairs, rest):
        assert abs(values.mean()) < 3 * values.std() / np.sqrt(values.size) + 1e-9
        assert values.std() < 0.08
    # What would be reported without the correction.
    assert np.mean([one.pairs_null[0, 1] for one in found]) > 0.4


def test_niches_without_a_common_unit_are_one_bit_apart_and_others_in_between_in_order() -> None:
    generator = np.random.default_rng(2)
    means = [
        np.mean([divergences(world(generator, (30, 30), own_share=own)).pairs[0, 1] for _ in range(5)])
        for own in (0.0, 0.3, 0.6, 0.9, 1.0)
    ]
    assert means == sorted(means)
    assert means[-1] == pytest.approx(1.0)


def test_more_members_and_more_tokens_do_not_change_how_distinct_niches_are() -> None:
    generator = np.random.default_rng(3)
    means = [
        np.mean([divergences(world(generator, (size, size), own_share=0.5, tokens=tokens)).pairs[0, 1] for _ in range(12)])
        for size, tokens in ((18, 12), (90, 12), (40, 60))
    ]
    assert max(means) - min(means) < 0.04


def test_a_niche_with_too_few_members_or_tokens_has_no_distinctness_and_spoils_no_other() -> None:
    generator = np.random.default_rng(4)
    small = measure_culture(world(generator, (30, 30, 15), own_share=0.5), QUICK)
    assert [row["distinctness_bits"] is None for row in small.niches.to_pylist()] == [False, False, True]
    assert [row["neighbour_count"] for row in small.niches.to_pylist()] == [1, 1, 0]
    assert small.culture["measured_pair_count"].to_pylist() == [1]
    silent = measure_culture(world(generator, (30, 30, 30), own_share=0.5, tokens=(12, 12, 2)), QUICK)
    assert [row["distinctness_bits"] is None for row in silent.niches.to_pylist()] == [False, False, True]


def permuted(window: CultureWindow, generator: np.random.Generator) -> CultureWindow:
    rows, units, niches = (generator.permutation(size) for size in (*window.counts.shape, len(window.niche_ids)))
    return replace(
        window,
        account=window.account[rows],
        unit=window.unit[units],
        niche_ids=tuple(window.niche_ids[place] for place in niches),
        niche=np.append(np.argsort(niches), -1)[window.niche[rows]],
        counts=csr_matrix(window.counts[rows][:, units]),
        graph=csr_matrix(window.graph[rows][:, rows]),
        strengths=csr_matrix(window.strengths[rows][:, niches]),
    )


def test_the_order_of_accounts_units_and_niches_changes_no_measure() -> None:
    generator = np.random.default_rng(5)
    window = world(generator, (30, 25, 20), own_share=0.4, inside=0.3)
    window.niche[::9] = -1
    first, second = measure_culture(window, QUICK), measure_culture(permuted(window, generator), QUICK)
    assert first == second
    assert first.niches.schema == NICHE_MEASURES
    assert first.pairs.schema == PAIR_MEASURES
    assert first.culture.schema == CULTURE_MEASURES


def test_an_empty_window_and_one_without_niches_say_nothing_and_raise_nothing() -> None:
    generator = np.random.default_rng(6)
    some = world(generator, (20, 20))
    none = replace(some, niche=np.full(40, -1), niche_ids=(), strengths=csr_matrix((40, 0)))
    nobody = CultureWindow(
        some.month,
        some.account[:0],
        some.unit[:0],
        (),
        some.niche[:0],
        csr_matrix((0, 0)),
        csr_matrix((0, 0)),
        csr_matrix((0, 0)),
    )
    for window, accounts in ((none, 40), (nobody, 0)):
        tables = measure_culture(window, QUICK)
        assert (tables.niches.num_rows, tables.pairs.num_rows) == (0, 0)
        row = tables.culture.to_pylist()[0]
        assert (row["account_count"], row["niche_count"], row["edge_count"]) == (accounts, 0, 0)
        assert row["effective_niches_1"] is row["assortativity_z"] is row["mean_pair_bits"] is row["ei_index"] is None


def test_parts_that_do_not_fit_are_refused() -> None:
    window = world(np.random.default_rng(7), (20, 20))
    one_way = window.graph.copy()
    one_way.data[0] += 1
    for wrong, why in (
        (replace(window, niche=window.niche[1:]), "different numbers"),
        (replace(window, account=np.full(40, 3, dtype=np.uint64)), "account twice"),
        (replace(window, niche_ids=("n", "n")), "niche twice"),
        (replace(window, niche=window.niche + 1), "has no id"),
        (replace(window, graph=one_way), "not symmetric"),
        (replace(window, counts=csr_matrix(window.counts * 0.5)), "whole"),
    ):
        with pytest.raises(ValueError, match=why):
            measure_culture(wrong, QUICK)


def test_edges_that_ignore_niches_are_rarely_called_assortative() -> None:
    generator = np.random.default_rng(8)
    scores = []
    for _ in range(60):
        window = world(generator, (30, 20, 10))
        scores.append(assortativity(window.graph, window.niche, FEW_GRAPHS).z_score)
    assert abs(np.mean(scores)) < 0.4
    assert 0.75 < np.std(scores) < 1.3
    assert np.mean(np.abs(scores) > 1.96) < 0.13


def test_edges_inside_niches_are_assortative_with_an_index_that_says_so() -> None:
    window = world(np.random.default_rng(9), (30, 30, 30), inside=0.6)
    row = measure_culture(window, QUICK).culture.to_pylist()[0]
    assert row["assortativity_z"] > 5
    assert row["assortativity"] == pytest.approx(0.6, abs=0.12)
    assert row["ei_index"] < row["ei_index_expected"]
    assert row["ei_index"] == pytest.approx(1 - 2 * row["within_share"])
    assert row["ei_index_expected"] == pytest.approx(1 / 3, abs=0.1)


def test_edges_to_accounts_without_a_niche_do_not_count() -> None:
    window = world(np.random.default_rng(10), (30, 30), inside=0.5)
    loose = np.where(np.arange(60) % 5 == 0, -1, window.niche)
    kept = np.flatnonzero(loose >= 0)
    alone = assortativity(csr_matrix(window.graph[kept][:, kept]), loose[kept], FEW_GRAPHS)
    among = assortativity(window.graph, loose, FEW_GRAPHS)
    assert (among.edge_count, among.within) == (alone.edge_count, alone.within)
    assert among.expected == pytest.approx(alone.expected)


def test_audiences_overlap_by_the_smaller_one() -> None:
    strengths = csr_matrix(np.array([[0.8, 0.2], [0.15, 0.85], [0.9, 0.1], [1.0, 0.0], [0.86, 0.14]]))
    shared, smaller = audience_overlaps(strengths, 0.15)
    assert (shared[0, 1], smaller[0, 1]) == (2, 2)
