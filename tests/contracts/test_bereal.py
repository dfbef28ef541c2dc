"""Contracts of the BeReal formats: no real export is at hand, so all payloads are hand-written by descriptions of real ones."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lake.framing import Framed
from pipelines.lake.intake import ingest_night
from pipelines.lake.paths import DataPaths
from pipelines.lake.records import parse_batch
from pipelines.platforms.bereal.parse import FORMATS, AppPosts, Memories, NotRead, Posts, User
from pipelines.platforms.protocol import NativeFormat, Sample
from pipelines.platforms.registry import PLATFORMS
from tests.contracts.harness import PSEUDONYMS, Outcome, chosen, context, drive
from tests.contracts.nights import NIGHT
from tests.contracts.test_bluesky import JSON
from tests.realdata.mutate import mutated

TAKEN = "2026-01-02T03:04:05.678Z"
ID = f"u1@{TAKEN}"


def key(native_id: str) -> str:
    return PSEUDONYMS.key("bereal", native_id)


def media(name: str = "post/a.webp", slash: str = "/") -> dict[str, Any]:
    path = f"{slash}Photos/u1/{name}"
    return {
        "bucket": "storage.bere.al",
        "path": path,
        "height": 2000,
        "width": 1500,
        "mediaType": "image",
        "mimeType": "image/webp",
    }


def post(**more: Any) -> dict[str, Any]:
    base = {
        "primary": media(),
        "secondary": media("post/b.webp"),
        "takenAt": TAKEN,
        "retakeCounter": 1,
        "visibility": ["friends"],
        "caption": "walls #Moss",
        "location": {"latitude": 52.5, "longitude": 13.4},
    }
    return base | more


def memory(**more: Any) -> dict[str, Any]:
    base = {
        "frontImage": media("post/b.webp"),
        "backImage": media(),
        "isLate": False,
        "date": "2026-01-02T00:00:00.000Z",
        "takenTime": TAKEN,
        "berealMoment": "2026-01-02T03:02:00.000Z",
        "caption": "walls #Moss",
        "music": {"track": "Moss", "artist": "Ann", "isrc": "DE1", "providerId": "p"},
    }
    return base | more


def user(**more: Any) -> dict[str, Any]:
    base = {
        "username": "Ann",
        "fullname": "Ann A.",
        "phoneNumber": "+49 30 1234",
        "birthdate": {"year": 2000, "month": 1, "day": 1},
        "profilePicture": media("profile/p.webp"),
        "timezone": "Europe/Berlin",
        "countryCode": "DE",
        "createdAt": "2022-07-07T11:20:34.055Z",
    }
    return base | more


def app_post(**more: Any) -> dict[str, Any]:
    base = {
        "id": "x",
        "ownerID": "u1",
        "user": {"id": "u1", "username": "Ann"},
        "takenAt": {"_seconds": 1_767_323_045, "_nanoseconds": 678_000_000},
        "lateInSeconds": 0,
        "isPublic": True,
        "caption": "walls #Moss",
        "realMojis": [{"userName": "ben", "emoji": "x"}, {"userName": "cy", "emoji": "y"}],
        "comment": [],
    }
    return base | more


def read(document: Any, file: str = "posts.json") -> Outcome:
    native = chosen(FORMATS, Sample(file, ".json", b"", document))
    assert native is not None, "no format takes it"
    return drive(native, [document], context("bereal"))


def test_a_post_a_memory_and_the_apps_own_shape_of_it_have_one_key_and_one_author() -> None:
    rows = [read(document).of("posts")[0] for document in ([post()], [memory()], [app_post()])]
    assert {row["post_key"] for row in rows} == {key(ID)}
    assert {row["account_key"] for row in rows} == {key("u1")}
    assert {tuple(row["tags"]) for row in rows} == {("moss",)}


def test_a_path_without_its_first_slash_names_the_owner_too() -> None:
    assert read([post(primary=media(slash=""))]).of("posts")[0]["account_key"] == key("u1")


def test_the_music_of_a_memory_is_its_sound() -> None:
    assert read([memory()]).of("posts")[0]["sound_key"] == key("sound:DE1")


def test_a_post_whose_pictures_name_no_owner_is_refused() -> None:
    assert read([post(primary={"path": "x"}, secondary={})]).by_code == {"missing_id": 1}


def test_the_profile_is_the_owner_of_the_posts_and_leaves_out_what_is_private() -> None:
    outcome = read(user(), "user.json")
    (account,) = outcome.of("accounts")
    assert (account["account_key"], account["country"]) == (key("u1"), "DE")
    assert account["created_at"].isoformat() == "2022-07-07T11:20:34.055000+00:00"
    assert not any(word in str(row.values) for row in outcome.rows for word in ("1234", "2000", "Berlin"))


def test_the_place_of_a_post_is_not_kept() -> None:
    assert not any("52.5" in str(row.values) for row in read([post()]).rows)


def test_a_post_of_the_app_is_read_only_if_everyone_may_see_it() -> None:
    assert read([app_post(isPublic=False)]).by_code == {"not_public": 1}
    assert read([app_post(isPublic=None, visibility=["friends"])]).by_code == {"not_public": 1}
    assert read({"data": [app_post(isPublic=None, visibility=["public"])]}).by_table["posts"] == 1


def test_reactions_are_counted_and_nobody_who_reacts_is_kept() -> None:
    outcome = read([app_post()])
    (metrics,) = outcome.of("post_metrics")
    assert (metrics["like_count"], metrics["comment_count"]) == (2, 0)
    assert outcome.of("interactions") == []
    assert not any("ben" in str(row.values) for row in outcome.rows)


@pytest.mark.parametrize("name", ["friends.json", "comments.json", "conversations/1/chat_log.json", "push-tokens.json"])
def test_what_tells_of_others_or_was_said_in_private_is_known_and_not_read(name: str) -> None:
    native = chosen(FORMATS, Sample(f"export.zip!ann/{name}", ".json", b"", [{"friendUsername": "ben"}]))
    assert isinstance(native, NotRead)
    assert drive(native, [[{"friendUsername": "ben"}]], context("bereal")).record_count == 0


def test_an_export_is_taken_in_whole_and_the_ledger_says_what_was_not_read(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox" / "bereal"
    inbox.mkdir(parents=True)
    members = {
        "posts.json": [post()],
        "memories.json": [memory()],
        "user.json": user(),
        "friends.json": [{"friendUsername": "ben"}],
    }
    with zipfile.ZipFile(inbox / "ann.zip", "w") as archive:
        for name, document in members.items():
            archive.writestr(f"ann/{name}", json.dumps(document))
        archive.writestr("ann/Photos/post/a.webp", b"RIFF")
    night = ingest_night(DataPaths(tmp_path / "data"), tmp_path / "inbox", PLATFORMS["bereal"], NIGHT, PSEUDONYMS)
    told = {entry.file.rsplit("/", 1)[-1]: (entry.source_format, entry.status, entry.landed_count) for entry in night.files}
    assert told == {
        "posts.json": ("bereal_posts", "ingested", 1),
        "memories.json": ("bereal_memories", "ingested", 1),
        "user.json": ("bereal_user", "ingested", 1),
        "friends.json": ("bereal_not_read_private", "ingested", 0),
        "a.webp": (None, "unknown_format", 0),
    }


def test_two_thousand_broken_records_are_landed_or_quarantined() -> None:
    chance = random.Random("bereal")
    shapes: list[tuple[NativeFormat, Any]] = [
        (Posts(), post()),
        (Memories(), memory()),
        (AppPosts(), app_post()),
        (User(), user()),
    ]
    landed = quarantined = 0
    for _ in range(2_000):
        native, whole = chance.choice(shapes)
        where = context("bereal")
        result = parse_batch(native, [Framed(0, None, b"0", value=mutated(whole, chance))], where)
        assert len(result.record_indexes) + len(result.quarantined) == 1
        landed, quarantined = landed + len(result.record_indexes), quarantined + len(result.quarantined)
    assert landed + quarantined == 2_000
    assert min(landed, quarantined) > 100


@given(document=JSON, name=st.sampled_from([*sorted(post()), *sorted(memory()), *sorted(user()), *sorted(app_post())]))
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, name: str) -> None:
    broken: list[Any] = [document, *(item | {name: document} for item in (post(), memory(), app_post()))]
    broken += [post(primary={"path": document}), memory(music={"isrc": document}), app_post(takenAt={"_seconds": document})]
    broken += [app_post(takenAt={"_seconds": 1_767_323_045, "_nanoseconds": document}, user={"id": document})]
    for shape in (*broken, broken, user() | {name: document}, {"data": broken}, user(profilePicture={"path": document})):
        for native in FORMATS:
            if native.matches(Sample("x.json", ".json", b"", shape)):
                drive(native, [shape], context("bereal"))
    for native in (Posts(), Memories(), AppPosts(), User()):
        if isinstance(native, User):
            drive(native, [user() | {name: document}], context("bereal"))
        else:
            drive(native, [broken], context("bereal"))
