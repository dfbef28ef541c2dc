"""What holds for the writer of every dump, stream, answer and weekly export: silent days, worlds without faults, same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipelines.world.native import bluesky, instagram, mastodon, reddit, tiktok, youtube
from pipelines.world.native.files import Filed, Inbox
from tests.unit.world.invented import invented
from tests.unit.world.landing import land

WRITERS = pytest.mark.parametrize(
    "module", [reddit, bluesky, mastodon, youtube, tiktok, instagram], ids=lambda module: module.__name__.rsplit(".", 1)[1]
)


def _name(module: ModuleType) -> str:
    return module.__name__.rsplit(".", 1)[1]


def _silent(filed: Filed, day: int, *, is_last: bool = False) -> Filed:
    nothing = np.zeros(0, np.int64)
    return replace(
        filed, day=day, posts=filed.posts.take(nothing), observed_second=nothing, version=nothing, is_repeat=nothing > 0,
        deleted=filed.deleted.take(nothing), reactions=filed.reactions.take(nothing), is_last=is_last,
    )  # fmt: skip


def _files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@WRITERS
def test_silence_from_beginning_to_end_has_no_records_and_no_bad_ones(module: ModuleType, tmp_path: Path) -> None:
    names, filed = invented(_name(module))
    inbox = Inbox(tmp_path)
    writer = module.open_writer(inbox, names)
    for day in range(15):
        writer.write_day(_silent(filed, day, is_last=day == 14))
    writer.close()
    assert set(_files(tmp_path)) == ({"instagram/notes.pdf"} if module is instagram else set())
    assert {fault.kind for fault in inbox.faults} == ({"unknown_file"} if module is instagram else set())


@WRITERS
def test_a_world_without_faults_is_taken_in_whole(module: ModuleType, tmp_path: Path) -> None:
    names, filed = invented(_name(module))
    inbox = Inbox(tmp_path / "inbox", has_faults=False)
    writer = module.open_writer(inbox, names)
    writer.write_day(filed)
    writer.write_day(_silent(filed, 121, is_last=True))
    writer.close()
    landing = land(inbox.root, _name(module), tmp_path)
    assert inbox.faults == []
    assert landing.refusals() == []
    assert set(landing.statuses().values()) == {"ingested"}
    wanted = {row["post_key"] for row in landing.rows("posts")}
    assert len(wanted) == len(set(filed.posts.number.tolist()))


@WRITERS
def test_the_same_records_give_the_same_bytes_and_another_seed_does_not(module: ModuleType, tmp_path: Path) -> None:
    written = []
    for place, seed in enumerate((1, 1, 2)):
        names, filed = invented(_name(module), seed=seed)
        inbox = Inbox(tmp_path / str(place))
        writer = module.open_writer(inbox, names)
        writer.write_profiles(filed.day, np.arange(12))
        writer.write_day(replace(filed, is_last=True))
        writer.close()
        written.append(_files(inbox.root))
    assert written[0] == written[1]
    assert written[0] != written[2]
