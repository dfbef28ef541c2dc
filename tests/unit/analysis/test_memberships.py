"""Strengths of membership where who uses what is drawn from known mixtures. Finds no niches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pipelines.analysis.memberships import MembershipParameters, membership_strengths, regrouped

Labels = NDArray[np.int64]
NICHES, OWN_UNITS, COMMON_UNITS, MEMBERS = 4, 12, 30, 60
UNITS = NICHES * OWN_UNITS + COMMON_UNITS


def mixed(seed: int, second_share: float = 0.25) -> tuple[csr_matrix, Labels, Labels]:
    """Members of four niches, every fourth of them of a second one too, and their uses; a third of all uses is common to all."""
    generator = np.random.default_rng(seed)
    first = np.repeat(np.arange(NICHES), MEMBERS)
    second = np.where(np.arange(first.size) % 4 == 0, (first + 1 + generator.integers(0, NICHES - 1, first.size)) % NICHES, -1)
    uses = np.zeros((first.size, UNITS))
    for account in range(first.size):
        for _ in range(24):
            draw = generator.random()
            if draw < 0.3:
                unit = NICHES * OWN_UNITS + generator.integers(COMMON_UNITS)
            else:
                is_second = second[account] >= 0 and draw < 0.3 + second_share
                unit = (second[account] if is_second else first[account]) * OWN_UNITS + generator.integers(OWN_UNITS)
            uses[account, unit] += 1
    return csr_matrix(uses), first, second


def test_second_niches_are_found_and_few_that_are_none() -> None:
    hits = found = planted = 0
    for seed in range(3):
        uses, first, second = mixed(seed)
        strengths = membership_strengths(uses, first, NICHES).toarray()
        told = (strengths >= 0.15) & (np.arange(NICHES)[None, :] != first[:, None])
        hits += int(told[np.flatnonzero(second >= 0), second[second >= 0]].sum())
        found += int(told.sum())
        planted += int((second >= 0).sum())
    f1 = 2 * hits / (found + planted)
    print(f"F1 of second niches {f1:.3f}: {hits} of {planted} planted, {found} found")
    assert f1 >= 0.9


def test_what_a_member_of_one_niche_uses_is_explained_by_that_niche() -> None:
    uses, first, second = mixed(4)
    strengths = membership_strengths(uses, first, NICHES).toarray()
    assert (strengths.sum(axis=1) <= 1 + 1e-9).all()
    alone = second < 0
    assert np.median(strengths[alone, first[alone]]) > 0.6
    assert np.quantile(np.sort(strengths[alone], axis=1)[:, -2], 0.9) < 0.15


def test_members_that_were_put_into_the_wrong_niche_go_where_their_units_are() -> None:
    uses, first, _ = mixed(5)
    generator = np.random.default_rng(5)
    wrong = np.where(generator.random(first.size) < 0.15, generator.integers(0, NICHES, first.size), first)
    right = regrouped(uses, wrong, NICHES, 10)
    assert (wrong == first).mean() < 0.92
    assert (right == first).mean() > 0.95


def test_no_niche_is_emptied_below_its_smallest_size_and_who_has_none_gets_none() -> None:
    uses, first, _ = mixed(6)
    # A niche of accounts that all speak as the first one does.
    group = np.where((first == 0) & (np.arange(first.size) < 12), NICHES, first)
    group[-1] = -1
    moved = regrouped(uses, group, NICHES + 1, 10)
    assert np.bincount(moved[moved >= 0], minlength=NICHES + 1)[NICHES] >= 10
    assert moved[-1] == -1


def test_the_order_of_accounts_and_units_does_not_matter() -> None:
    uses, first, _ = mixed(7)
    generator = np.random.default_rng(7)
    rows, columns = generator.permutation(uses.shape[0]), generator.permutation(uses.shape[1])
    parameters = MembershipParameters(candidate_count=2)
    plain = membership_strengths(uses, first, NICHES, parameters).toarray()
    shuffled = membership_strengths(csr_matrix(uses[rows][:, columns]), first[rows], NICHES, parameters).toarray()
    np.testing.assert_allclose(shuffled, plain[rows], atol=1e-8)


def test_without_niches_or_units_there_is_no_strength() -> None:
    uses, first, _ = mixed(8)
    assert membership_strengths(uses, np.full(first.size, -1), 0).shape == (first.size, 0)
    nothing = membership_strengths(csr_matrix((5, 3)), np.zeros(5, dtype=np.int64), 1)
    assert nothing.nnz == 0
