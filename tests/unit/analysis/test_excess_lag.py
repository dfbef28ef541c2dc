"""Whether outlets come later than they react to shocks: what the test says where they only react, and where creators were really ahead."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.analysis.excess_lag import excess_lag
from pipelines.world.calibration_rows import upper_bound
from tests.unit.analysis.mainstream_world import PressWorld

COUNT = 400
COMMON_CAUSE = {
    "editorial delay": PressWorld(),
    "long editorial delay": PressWorld(editorial_days=4.0),
    "no delay": PressWorld(editorial_days=0.05),
    "creators post at once": PressWorld(creator_wait_hours=0.1),
    "creators post rarely": PressWorld(creator_wait_hours=72.0),
    "creators need several posts": PressWorld(adoption=0.5),
    "few outlets": PressWorld(outlet_count=4),
    "few shocks": PressWorld(shock_count=4),
    "few outlets and shocks": PressWorld(outlet_count=4, shock_count=4),
    "few creators": PressWorld(creator_count=10),
    "dates only": PressWorld(is_dated=True),
    "most items lost": PressWorld(outlet_loss=0.75, outlet_wait_hours=12.0),
    "wide delays": PressWorld(editorial_spread=1.0),
}


@pytest.mark.parametrize("name", COMMON_CAUSE)
def test_a_common_cause_with_an_editorial_delay_is_rarely_taken_for_a_ripple(name: str) -> None:
    rejected = COMMON_CAUSE[name].rejected(1, COUNT)
    print(f"{name}: {rejected} of {COUNT} at 5%, 95% upper bound {upper_bound(rejected, COUNT):.3f}")
    assert upper_bound(rejected, COUNT) <= 0.085


@pytest.mark.parametrize(
    ("world", "least"),
    [
        (PressWorld(lead_hours=96.0), 0.5),
        (PressWorld(lead_hours=168.0), 0.9),
        (PressWorld(lead_hours=168.0, outlet_count=5, shock_count=5), 0.7),
        (PressWorld(lead_hours=168.0, is_dated=True), 0.9),
    ],
)
def test_a_real_lead_beyond_the_delay_is_found(world: PressWorld, least: float) -> None:
    found = world.rejected(2, COUNT) / COUNT
    print(f"lead {world.lead_hours:g} h, {world.outlet_count} outlets, {world.shock_count} shocks: {found:.2f}")
    assert found >= least


def test_a_delay_that_the_outlets_of_one_trend_share_is_beyond_the_test() -> None:
    # Outlets that wait for each other are no independent witnesses: a limit that the methods page tells.
    rejected = PressWorld(trend_effect_days=1.5, creator_wait_hours=0.1).rejected(3, COUNT)
    print(f"shared delay, sd 1.5 days: {rejected} of {COUNT} at 5%")
    assert rejected / COUNT > 0.085


def test_reversed_time_turns_the_excess_round() -> None:
    rng = np.random.default_rng(4)
    creators, outlets = np.sort(rng.gamma(2.0, 36.0, 40)), np.sort(300 + rng.gamma(2.0, 36.0, 8))
    reactions = [rng.gamma(4.0, 12.0, 6) for _ in range(6)]
    ahead = excess_lag(creators, outlets, reactions)
    behind = excess_lag(np.sort(-creators), np.sort(-outlets), reactions)
    assert ahead.p_value < 0.01
    assert behind.p_value > 0.5
    assert behind.probability < 0.5


def test_the_order_of_outlets_and_reactions_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    creators, outlets = np.sort(rng.gamma(2.0, 36.0, 20)), rng.gamma(2.0, 60.0, 6)
    reactions = [rng.gamma(4.0, 12.0, 6) for _ in range(5)]
    found = excess_lag(creators, outlets, reactions)
    shuffled = excess_lag(creators, rng.permutation(outlets), [rng.permutation(each) for each in reactions[::-1]])
    assert shuffled.probability == pytest.approx(found.probability)
    assert shuffled.p_value == pytest.approx(found.p_value)


@pytest.mark.parametrize(("outlets", "shocks"), [(1, 4), (4, 1)])
def test_one_outlet_or_one_shock_tells_nothing(outlets: int, shocks: int) -> None:
    with pytest.raises(ValueError, match="two"):
        excess_lag(np.arange(10.0), np.arange(float(outlets)), [np.arange(3.0)] * shocks)
