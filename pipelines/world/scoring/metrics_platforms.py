"""Scores of shifts between platforms: flows of linked persons, their dates, and moves where nobody moved. Joins no accounts itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from pipelines.world.scoring.intervals import bootstrapped_at_once, share
from pipelines.world.scoring.intervals import median as median_of
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

_LEAST_MOVES: Final = 5
"""Planted moves of a cell below which one person is more than a fifth of it."""
# Only who was joined can be seen to move, and only who left the old account moved: who keeps it has one platform more.
_PLANTED: Final = """
    select moves.from_platform, moves.to_platform, date_trunc('month', moves.moved_on)::date as month,
        count(*) as move_count, quantile_disc(moves.moved_on, 0.5) as median_moved_on
    from true_moves as moves
    inner join true_accounts as before on moves.from_platform = before.platform and moves.from_native_id = before.native_id
    inner join true_accounts as after on moves.to_platform = after.platform and moves.to_native_id = after.native_id
    inner join creator_accounts as old on before.key = old.account_key
    inner join creator_accounts as new on after.key = new.account_key and old.creator_key = new.creator_key
    where before.closed_on is not null
    group by all
"""
_CELLS: Final = f"""
    select planted.*, flows.net_flow_count, flows.median_moved_on as found_on
    from ({_PLANTED}) as planted
    left join platform_moves as flows using (from_platform, to_platform, month)
    where planted.move_count >= {_LEAST_MOVES} order by all
"""


def _flow(linked: Linked) -> Found:
    planted, found = linked.numbers(f"select move_count, coalesce(net_flow_count, 0) from ({_CELLS})")
    if not planted.size:
        return nothing(f"no platform lost {_LEAST_MOVES} joined persons to another within a month")
    errors = np.abs(found - planted) / planted
    low, high = bootstrapped_at_once(lambda draws: errors[draws].mean(axis=1), errors.size)
    return Found(
        float(errors.mean()),
        low,
        high,
        errors.size,
        planted=f"{planted.sum():.0f}",
        found=f"{found.sum():.0f}",
        note=f"from x to x month with {_LEAST_MOVES} planted moves; joined persons that left the old account",
    )


def _date(linked: Linked) -> Found:
    (errors,) = linked.numbers(f"select abs(found_on - median_moved_on) from ({_CELLS}) where found_on is not null")
    note = f"of the median day of a flow of {_LEAST_MOVES}; the largest error is {errors.max():.0f}" if errors.size else None
    return median_of(errors, note=note, none="no flow with a date was planted")


def _false_moves(linked: Linked) -> Found:
    if linked.one("select count(*) from true_moves")[0]:
        return nothing("persons move in this world")
    moved, persons = linked.one("""
        select
            (select coalesce(sum(moved_person_count), 0)::bigint from platform_moves),
            (
                select count(*) from (
                    select creator_key from creator_accounts where link_evidence <> 'none'
                    group by creator_key having count(distinct platform) > 1
                )
            )
    """)
    return share(min(moved, persons), persons, found=str(moved), none="nobody is joined across platforms")


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "shift_flow": _flow,
    "shift_date": _date,
    "shift_false": _false_moves,
}
"""By the key of what is wanted."""
