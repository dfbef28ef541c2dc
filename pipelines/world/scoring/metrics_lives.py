"""Scores of niches' lives: second niches of accounts, events and ids that persist. Judges no partition, finds no niches itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from pipelines.world.scoring.intervals import share
from pipelines.world.scoring.linked import Linked
from pipelines.world.scoring.rows import Found, nothing

SMALLEST_STRENGTH: Final = 0.15
_TOLD: Final = ("birth", "growth", "merge", "split", "death")
"""Kinds of events that a world plants."""
_WINDOWS_TO_DEATH: Final = 3
"""Windows without a niche after which it is dead: who dies later than that before the end cannot be told."""
# What a published niche stands for: the true niche of most of its members.
_NAMED: Final = """
    select members.niche_id, mode(case when truth.niche_changed_on <= members.month then truth.later_niche else truth.niche end) as niche
    from niche_members as members inner join true_accounts as truth on members.account_key = truth.key
    where members.niche_id is not null and truth.niche is not null
    group by all
"""


def _month_number(month: date) -> int:
    return 12 * month.year + month.month


def _f1(hit_count: int, found_count: int, planted_count: int) -> float:
    return 2 * hit_count / (found_count + planted_count)


def _overlap(linked: Linked) -> Found:
    planted, found, hits = linked.one(f"""
        with named as ({_NAMED}),
        seen as (
            select distinct members.month, members.creator_key, named.niche
            from niche_members as members inner join named using (niche_id)
        ),
        planted as (
            select distinct seen.month, seen.creator_key, truth.second_niche as niche
            from niche_members as members
            inner join true_accounts as truth on members.account_key = truth.key
            inner join seen on members.month = seen.month and members.creator_key = seen.creator_key
            where truth.second_niche is not null and truth.second_share >= {SMALLEST_STRENGTH}
        ),
        found as (
            select distinct second.month, second.creator_key, named.niche
            from creator_niches as second inner join named using (niche_id)
            inner join seen on second.month = seen.month and second.creator_key = seen.creator_key
            where second.membership_strength >= {SMALLEST_STRENGTH}
        ),
        others as (select * from found except select month, creator_key, niche from seen),
        wanted as (select * from planted except select month, creator_key, niche from seen)
        select (select count(*) from wanted), (select count(*) from others),
            (select count(*) from (select * from others intersect select * from wanted))
    """)
    if not planted:
        return nothing("nobody whose first niche is published has a second one")
    note = f"second niches of creators with a first one, by month; {hits} of {found} found ones are planted"
    return Found(_f1(hits, found, planted), unit_count=planted, planted=str(planted), found=str(found), note=note)


def _months(linked: Linked) -> tuple[int, int]:
    first, last = linked.one("select min(month), max(month) from niche_members where niche_id is not null")
    return (0, -1) if first is None else (_month_number(first), _month_number(last))


def _planted_events(linked: Linked) -> list[tuple[str, int, set[Any]]]:
    first, last = _months(linked)
    rows = linked.rows("select event, happened_on, niche, other_niche from true_niche_events order by all")
    events = [(event, _month_number(on), {niche, other} - {None}) for event, on, niche, other in rows if event in _TOLD]
    # What happened in the first window was not seen to happen, and a death is told once its windows have passed.
    return [
        (event, month, niches)
        for event, month, niches in events
        if first < month <= (last - _WINDOWS_TO_DEATH if event == "death" else last)
    ]


def _found_events(linked: Linked) -> list[tuple[str, int, set[Any]]]:
    last_months = dict(linked.rows("select niche_id, max(month) from niche_members where niche_id is not null group by all"))
    named = dict(linked.rows(_NAMED))
    rows = linked.rows("select event, month, niche_id, other_niche_id from niche_events order by all")
    return [
        # A death is told when windows have gone by; what counts is when the niche was last seen.
        (
            event,
            _month_number(last_months[niche]) + 1 if event == "death" and niche in last_months else _month_number(month),
            {named.get(niche), named.get(other)} - {None},
        )
        for event, month, niche, other in rows
    ]


def _lifecycle(linked: Linked) -> Found:
    planted, found = _planted_events(linked), _found_events(linked)
    if not planted:
        return nothing("no event of a niche's life is planted within the published months")
    told = [event for event in found if event[0] in _TOLD]
    rest, hits = list(told), 0
    for event, month, niches in planted:
        near = [each for each in rest if each[0] == event and abs(each[1] - month) <= 1 and each[2] & niches]
        if near:
            rest.remove(min(near, key=lambda each: abs(each[1] - month)))
            hits += 1
    note = (
        f"{hits} of {len(planted)} planted events are told within a window, {len(rest)} of {len(told)} told ones are not planted"
    )
    return Found(
        _f1(hits, len(told), len(planted)), unit_count=len(planted), planted=str(len(planted)), found=str(len(told)), note=note
    )


def _false_events(linked: Linked) -> Found:
    if linked.one("select count(*) from true_niche_events")[0]:
        return nothing("events are planted in this world")
    months = linked.one("select count(distinct (niche_id, month)) from niche_members where niche_id is not null")[0]
    if not months:
        return nothing("no niche is published")
    found = _found_events(linked)
    return Found(len(found) / months, unit_count=months, planted="0", found=str(len(found)), note="events per niche and month")


def _persistence(linked: Linked) -> Found:
    rows = linked.rows("""
        select truth.niche, members.month, mode(members.niche_id)
        from niche_members as members inner join true_accounts as truth on members.account_key = truth.key
        where members.niche_id is not null and truth.niche is not null
            and truth.niche not in (select niche from true_niche_events union select other_niche from true_niche_events where other_niche is not null)
        group by all
        order by all
    """)
    ids = {(niche, _month_number(month)): niche_id for niche, month, niche_id in rows}
    pairs = [(one, ids[niche, month + 1]) for (niche, month), one in ids.items() if (niche, month + 1) in ids]
    kept = sum(one == other for one, other in pairs)
    return share(
        kept,
        len(pairs),
        note="steps of planted niches without an event, by the id of most members",
        none="no niche without an event is published in two months in a row",
    )


MEASURES: Final[dict[str, Callable[[Linked], Found]]] = {
    "overlap": _overlap,
    "lifecycle_f1": _lifecycle,
    "lifecycle_false": _false_events,
    "niche_persistence": _persistence,
}
"""By the key of what is wanted."""
