"""Worlds whose trends are no hashtags: what of them reaches the trend models, and how habits of use differ. Other worlds, and estimators, are tested elsewhere."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.analysis.phrases import PHRASES, TEXT_PHRASES
from pipelines.world.claims import claims, trend_figures
from pipelines.world.drawn import FIRST_DAY, NOBODY, tiers_of
from pipelines.world.generate import write_world
from pipelines.world.landed_texts import _listed_on, landed_texts
from pipelines.world.native.files import Filed
from pipelines.world.native.names import Names
from pipelines.world.observation import Collection
from pipelines.world.simulate import Simulation, simulate
from pipelines.world.trial import Trial, landed, names_of, run_trial, trend_key
from tests.unit.world.few_draws import FEW_DRAWS

WORDS, LINKS = "W16_word_habits", "W17_link_habits"


@cache
def collected_world(world: str) -> tuple[Simulation, list[Filed], Names]:
    simulation = simulate(world, "trial", 1)
    collection = Collection(simulation)
    filed = [collection.see(day) for day in simulation.days()]
    return simulation, filed, names_of(simulation)


@cache
def trial_of(world: str) -> Trial:
    return run_trial(world, 1, parameters=FEW_DRAWS)


@pytest.mark.parametrize(("world", "types"), [(WORDS, {"hashtag", "phrase", "brand"}), (LINKS, {"link", "domain", "sound"})])
def test_planted_trends_of_every_type_are_candidates_seen_from_their_birth(world: str, types: set[str]) -> None:
    trial = trial_of(world)
    told = dict(zip(*(trial.published["trends"][name].to_pylist() for name in ("trend_key", "unit_type")), strict=True))
    planted = [each for each in trial.truth if each in told]
    assert Counter(told[key] for key in planted) == dict.fromkeys(types, 10)
    seen = trial.published["trends"].filter(pc.is_in(trial.published["trends"]["trend_key"], value_set=pa.array(planted)))
    assert not any(seen["is_left_censored"].to_pylist())
    adopters = dict(zip(*(trial.published["trends"][name].to_pylist() for name in ("trend_key", "adopter_count")), strict=True))
    assert min(adopters[key] for key in planted) > 100


@pytest.mark.parametrize("world", [WORDS, LINKS])
def test_adopters_of_a_planted_trend_are_those_who_adopted_it_and_were_seen(world: str) -> None:
    simulation, _, _ = collected_world(world)
    adoptions = trial_of(world).published["trend_adoptions"].to_pylist()
    found: dict[str, set[str]] = {}
    for row in adoptions:
        found.setdefault(row["trend_key"], set()).add(row["account_key"])
    state = simulation.adoptions
    for number, trend in enumerate(simulation.trends):
        mine = (state.trend == number) & (state.post != NOBODY)
        truly = {f"a{account:06d}" for account in state.account[mine].tolist()}
        accounts = {key for key in found[trend_key(trend.unit_type, trend.units[0])] if key.startswith("a")}
        assert accounts <= truly
        # The window ends before the calendar does.
        assert len(accounts) > 0.8 * len(truly)


def test_the_only_link_to_a_domain_is_one_trend_and_not_two() -> None:
    trial = trial_of(LINKS)
    domains = {
        label
        for label, kind in zip(*(trial.published["trends"][name].to_pylist() for name in ("label", "unit_type")), strict=True)
        if kind == "domain"
    }
    planted = {trend.units[0] for trend in collected_world(LINKS)[0].trends if trend.unit_type == "domain"}
    assert domains == planted
    aliases = trial.published["trend_aliases"].to_pylist()
    assert sum((row["alias_type"], row["unit_type"]) == ("domain", "link") for row in aliases) == 10


def test_each_type_is_judged_by_itself_and_against_media_what_their_items_name() -> None:
    words, links = claims(trial_of(WORDS)), claims(trial_of(LINKS))
    sides = ("claims_large_creators", "claims_mid_creators")
    assert set(words) == {
        *sides, "claims_media", "claims_media_phrase", "origin_micro",
        *(f"{side}_{kind}" for side in (*sides, "origin_micro") for kind in ("phrase", "brand")),
    }  # fmt: skip
    assert set(links) == {f"{side}_{kind}" for side in (*sides, "origin_micro") for kind in ("link", "domain", "sound")}
    assert trend_figures(trial_of(LINKS))["trends_compared"]["published"] == 30
    assert trend_figures(trial_of(WORDS))["trends_compared_media"]["published"] == 20


def test_a_phrase_is_known_from_four_weeks_before_the_night_that_lists_it() -> None:
    simulation, filed, names = collected_world(WORDS)
    texts = landed_texts(names, filed)
    phrases = texts["state.phrases"]
    assert phrases.schema.equals(PHRASES)
    assert set(phrases["phrase"].to_pylist()) == {trend.words for trend in simulation.trends if trend.unit_type == "phrase"}
    found = texts["landed.text_phrases"]
    assert found.schema.equals(TEXT_PHRASES)
    for row in phrases.to_pylist():
        assert row["watched_from_on"] == max(row["listed_on"] - timedelta(days=28), FIRST_DAY)
        own = found.filter(pc.equal(found["phrase"], row["phrase"]))
        assert min(own["landed_night"].to_pylist()) >= row["watched_from_on"]
        assert min(own["searched_night"].to_pylist()) == row["listed_on"]
        before = own.filter(pc.less_equal(own["landed_night"], row["listed_on"]))
        week = before.filter(pc.greater(before["landed_night"], row["listed_on"] - timedelta(days=7)))
        assert len(set(week["account_key"].to_pylist())) >= 10


@pytest.mark.parametrize(
    ("accounts", "nights", "listed"),
    [
        (range(10), [3] * 10, 3),
        (range(10), range(10), None),
        ([*range(9), 9, 9], [0] * 9 + [6, 7], 6),
        ([0] * 20, [2] * 20, None),
    ],
)  # fmt: skip
def test_ten_accounts_within_seven_nights_list_a_phrase(accounts: list[int], nights: list[int], listed: int | None) -> None:
    assert _listed_on(np.array(list(accounts)), np.array(list(nights))) == listed


def test_a_world_of_hashtags_has_no_texts_links_or_sounds() -> None:
    simulation, filed, names = collected_world("W0_exchangeable")
    assert landed_texts(names, filed) == {}
    posts = landed(simulation, filed)["bluesky", "posts"]
    assert all(posts[name].null_count == posts.num_rows for name in ("link_keys", "link_domains", "sound_key"))


def test_a_repost_links_to_nothing_of_its_own() -> None:
    simulation, filed, _ = collected_world(LINKS)
    posts = landed(simulation, filed)["bluesky", "posts"]
    reposts = posts.filter(pc.equal(posts["post_type"], "repost"))
    assert reposts.num_rows
    assert not any(reposts["link_keys"].to_pylist())
    assert reposts["sound_key"].null_count == reposts.num_rows
    assert any(posts["link_keys"].to_pylist())


@pytest.mark.parametrize(("kind", "ratio"), [("link", 2.0), ("domain", 0.5), ("sound", 1.0)])
def test_how_readily_a_post_is_used_hangs_on_size_and_when_somebody_is_exposed_does_not(kind: str, ratio: float) -> None:
    simulation, _, _ = collected_world(LINKS)
    state, accounts = simulation.adoptions, simulation.accounts
    numbers = [number for number, trend in enumerate(simulation.trends) if trend.unit_type == kind]
    born = np.array([trend.born_second for trend in simulation.trends])[state.trend]
    tiers = tiers_of(accounts.followers(state.account, born / 86_400))
    own = np.isin(state.trend, numbers)
    chances = np.asarray(simulation.spread._chances_of_use())
    found = [float(chances[own & is_tier].mean()) for is_tier in (tiers == 0, tiers >= 2)]
    assert found[1] / found[0] == pytest.approx(ratio)
    exposed = (state.exposed_second - born) / 3600
    small, large = (np.median(exposed[own & is_tier]) for is_tier in (tiers == 0, tiers >= 2))
    assert abs(small - large) < 12


def test_a_world_that_no_platforms_writer_spells_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="W17_link_habits is a world of the calibration, in memory only"):
        write_world(tmp_path / "world", LINKS, "tiny", 1)
    assert not (tmp_path / "world").exists()
