"""Contracts of the ActivityPub formats: pinned counts on real objects, rows of hand-written ones, arbitrary input."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.platforms.activitypub.parse import FORMATS, Collections, ObjectLines, Objects, ids_of, is_gone
from pipelines.platforms.mastodon.parse import FORMATS as MASTODON
from pipelines.platforms.protocol import Sample
from tests.contracts.harness import PSEUDONYMS, REALDATA, Outcome, chosen, context, drive
from tests.contracts.nights import NIGHT, take_in
from tests.contracts.test_bluesky import JSON

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ANN, BEN = "https://a.example/users/ann", "https://b.example/u/ben"
NOTE, PARENT = "https://a.example/users/ann/statuses/1", "https://b.example/post/2"
OBSERVED = datetime(2026, 11, 20, tzinfo=UTC)


def key(native_id: str) -> str:
    return PSEUDONYMS.key("activitypub", native_id)


def note(**more: Any) -> dict[str, Any]:
    base = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": NOTE,
        "type": "Note",
        "attributedTo": ANN,
        "to": [PUBLIC],
        "published": "2026-01-02T03:04:05Z",
        "content": '<p>see <a href="https://www.example.org/x?utm_source=a">it</a> #Moss</p>',
        "tag": [{"type": "Hashtag", "name": "#Fläche"}, {"type": "Mention", "href": BEN, "name": "@ben"}],
        "contentMap": {"pt-BR": "..."},
    }
    return {**base, **more}


def actor(**more: Any) -> dict[str, Any]:
    base = {"@context": "https://www.w3.org/ns/activitystreams", "id": ANN, "type": "Person", "preferredUsername": "ann"}
    return {**base, "outbox": f"{ANN}/outbox", **more}


def activity(kind: str, subject: Any, **more: Any) -> dict[str, Any]:
    return {"id": f"https://a.example/activities/{kind}", "type": kind, "actor": ANN, "object": subject, **more}


def rows(document: Any) -> Outcome:
    return drive(Objects(), [document], context("activitypub"))


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason="no real records here")
def test_every_real_object_lands_or_is_refused_for_what_it_is(tmp_path: Path) -> None:
    night = take_in("activitypub", ["activitypub/lemmy_apub_assets.tar.gz"], tmp_path)
    assert len(night.intake.files) == 124
    assert {entry.status for entry in night.intake.files} == {"ingested"}
    counts = [night.intake.record_count, night.intake.landed_count, night.intake.quarantined_count, night.intake.duplicate_count]
    assert counts == [127, 99, 28, 0]
    quarantine = pq.read_table(night.paths.quarantine_file("activitypub", NIGHT)).column("reason_code").to_pylist()
    assert Counter(quarantine) == {
        "unsupported_activity": 16,  # votes down, blocks, locks, lists of a community, and what undoes them
        "not_public": 10,  # letters, reports, warnings
        "unexpected_shape": 1,  # an acceptance of a request that it does not show
        "not_shown": 1,  # a list of moderators
    }


def test_a_note_gives_its_post_its_mention_and_its_words() -> None:
    outcome = rows(note(inReplyTo=PARENT, sensitive=True, summary="moss!", updated="2026-01-03T00:00:00Z"))
    (post,) = outcome.of("posts")
    assert (post["post_key"], post["account_key"], post["post_type"]) == (key(NOTE), key(ANN), "reply")
    assert (post["published_at"], post["edited_at"]) == (
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 1, 3, tzinfo=UTC),
    )
    assert (post["parent_post_key"], post["community"], post["language"]) == (key(PARENT), "a.example", "pt")
    assert (post["tags"], post["link_domains"], post["is_sensitive"]) == (["moss", "fläche"], ["example.org"], True)
    edges = {edge["interaction_type"]: edge for edge in outcome.of("interactions")}
    assert (edges["reply"]["target_post_key"], edges["mention"]["target_account_key"]) == (key(PARENT), key(BEN))
    assert outcome.of("vault_posts")[0]["text"] == "moss!\nsee it #Moss"


@pytest.mark.parametrize(
    "wrapped",
    [
        activity("Create", note()),
        activity("Announce", activity("Create", note()), actor=BEN),
        activity("Create", {name: value for name, value in note().items() if name != "to"}, cc=[PUBLIC]),
        activity("Create", {name: value for name, value in note().items() if name != "attributedTo"}),
    ],
)
def test_a_note_is_the_same_post_whatever_activity_brings_it(wrapped: dict[str, Any]) -> None:
    assert rows(wrapped).of("posts") == rows(note()).of("posts")


@pytest.mark.parametrize(
    "letter",
    [
        note(to=[BEN]),
        note(to=[f"{ANN}/followers"], cc=[BEN]),
        activity("Create", note(to=BEN)),
        activity("Announce", NOTE, to=[f"{ANN}/followers"]),
        note(type="ChatMessage"),
        activity("Flag", [ANN, NOTE]),
    ],
)
def test_what_is_not_for_the_public_is_not_read(letter: dict[str, Any]) -> None:
    outcome = rows(letter)
    assert (outcome.rows, outcome.by_code) == ([], {"not_public": 1})


def test_a_boost_is_a_repost_and_an_edge() -> None:
    outcome = rows(activity("Announce", PARENT, to=[PUBLIC], published="2026-01-02T03:04:05Z"))
    (post,), (edge,) = outcome.of("posts"), outcome.of("interactions")
    assert (post["post_type"], post["parent_post_key"], post["account_key"]) == ("repost", key(PARENT), key(ANN))
    assert (edge["interaction_type"], edge["target_post_key"], edge["post_key"]) == ("repost", key(PARENT), post["post_key"])


@pytest.mark.parametrize(
    ("kind", "table", "column", "subject"),
    [("Like", "interactions", "interaction_key", "interaction"), ("Follow", "follows", "follow_key", "follow")],
)
def test_an_undo_carries_the_key_of_what_it_undoes(kind: str, table: str, column: str, subject: str) -> None:
    for done in (activity(kind, BEN), {name: value for name, value in activity(kind, BEN).items() if name != "id"}):
        (made,), (undone,) = rows(done).of(table), rows(activity("Undo", done)).of("deletions")
        assert (undone["subject_type"], undone["subject_key"]) == (subject, made[column])
    boost = activity("Announce", PARENT, to=[PUBLIC])
    assert rows(activity("Undo", boost)).of("deletions")[0]["subject_key"] == rows(boost).of("posts")[0]["post_key"]


def test_an_undo_that_only_names_what_it_undoes_finds_it_whatever_it_was() -> None:
    named = "https://a.example/activities/Like"
    assert {row["subject_type"] for row in rows(activity("Undo", named)).of("deletions")} == {"interaction", "follow", "post"}


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (activity("Delete", NOTE), ("post", NOTE, "deleted_by_author")),
        (activity("Delete", {"id": NOTE, "type": "Tombstone"}), ("post", NOTE, "deleted_by_author")),
        (activity("Delete", NOTE, summary="rude"), ("post", NOTE, "removed")),
        (activity("Delete", ANN), ("account", ANN, "account_deleted")),
        ({"id": NOTE, "type": "Tombstone", "formerType": "Note"}, ("post", NOTE, "deleted")),
        ({"id": ANN, "type": "Tombstone", "formerType": "Person"}, ("account", ANN, "deleted")),
        (activity("Reject", activity("Follow", BEN)), ("follow", "https://a.example/activities/Follow", "rejected")),
    ],
)
def test_what_is_gone_gives_a_tombstone(document: Any, wanted: tuple[str, str, str]) -> None:
    (row,) = rows(document).of("deletions")
    assert (row["subject_type"], row["subject_key"], row["reason"]) == (wanted[0], key(wanted[1]), wanted[2])


def test_a_film_has_its_length_its_views_and_the_person_who_made_it() -> None:
    makers = [{"type": "Group", "id": "https://a.example/c/films"}, {"type": "Person", "id": ANN}]
    film = note(
        type="Video", attributedTo=makers, views=7, duration="PT1H2M3S", mediaType="text/markdown", content="#Wall", name="Film"
    )
    outcome = rows(film)
    (post,), (metrics,) = outcome.of("posts"), outcome.of("post_metrics")
    assert (post["post_type"], post["media_kind"], post["duration_seconds"]) == ("video", "video", 3723)
    assert (post["account_key"], metrics["view_count"], metrics["like_count"]) == (key(ANN), 7, None)


def test_a_forum_post_about_a_page_elsewhere_links_to_it_and_is_in_its_community() -> None:
    page = note(type="Page", name="A title", url="https://news.example.org/x", audience="https://b.example/c/moss", content=None)
    (post,) = rows(page).of("posts")
    assert (post["link_domains"], post["media_kind"], post["community"]) == (["news.example.org"], "link", "moss@b.example")


def test_an_actor_is_an_account_with_what_it_tells() -> None:
    fields = [{"type": "PropertyValue", "name": "yt", "value": '<a href="https://youtube.com/@ann">yt</a>'}]
    told = {"attachment": fields, "followers": {"type": "Collection", "totalItems": 12}, "url": "https://a.example/@ann"}
    (account,) = rows(actor(**told)).of("accounts")
    assert (account["account_key"], account["followers_count"], account["actor_class"]) == (key(ANN), 12, None)
    assert account["declared_handle_keys"] == [PSEUDONYMS.handle_key("youtube", "ann")]
    assert rows(actor(type="Service")).of("accounts")[0]["actor_class"] == "bot"


def test_who_asks_not_to_be_indexed_is_left_out_unless_it_gave_its_own_archive() -> None:
    outcome = rows(actor(indexable=False))
    assert outcome.by_table == {"deletions": 1}
    assert outcome.of("deletions")[0]["reason"] == "opted_out"
    assert rows(actor(indexable=False, outbox="outbox.json")).by_table == {"accounts": 1, "vault_accounts": 1}


def test_a_collection_of_followers_gives_their_number_and_the_edges_it_shows() -> None:
    followers = {"type": "OrderedCollectionPage", "id": f"{ANN}/followers?page=1", "partOf": f"{ANN}/followers", "totalItems": 2}
    outcome = drive(Collections(), [followers | {"orderedItems": [BEN]}], context("activitypub"))
    assert outcome.of("accounts")[0]["followers_count"] == 2
    (edge,) = outcome.of("follows")
    assert (edge["source_account_key"], edge["target_account_key"]) == (key(BEN), key(ANN))


def test_what_an_outbox_keeps_from_the_public_is_one_record_and_never_read() -> None:
    letters = [activity("Create", note(to=[BEN], id=f"{NOTE}{number}")) for number in range(40)]
    outbox = {"type": "OrderedCollection", "id": f"{ANN}/outbox", "orderedItems": [activity("Create", note()), *letters]}
    outcome = drive(Collections(), [outbox], context("activitypub"))
    assert (outcome.record_count, outcome.by_code, len(outcome.of("posts"))) == (2, {"not_public": 1}, 1)
    assert "40" in outcome.refused[0].reason


def test_an_archive_of_mastodon_lands_under_the_keys_that_its_api_gives() -> None:
    outbox = {
        "@context": PUBLIC[:37],
        "id": "outbox.json",
        "type": "OrderedCollection",
        "orderedItems": [activity("Create", note())],
    }
    found: list[Outcome] = []
    for document in (outbox, actor(outbox="outbox.json")):
        native = chosen(MASTODON, Sample("archive.zip!x.json", ".json", b"", document))
        assert native is not None
        found.append(drive(native, [document], context("mastodon")))
    rest = PSEUDONYMS.key("mastodon", "https://a.example/@ann")
    assert found[0].of("posts")[0]["account_key"] == rest
    assert found[0].of("posts")[0]["post_key"] == PSEUDONYMS.key("mastodon", NOTE)
    assert found[1].of("accounts")[0]["account_key"] == rest


@pytest.mark.parametrize("name", ["likes.json", "bookmarks.json"])
def test_what_an_archive_keeps_of_its_owner_s_reading_is_no_known_format(name: str) -> None:
    private = {"@context": PUBLIC[:37], "id": name, "type": "OrderedCollection", "orderedItems": [NOTE]}
    for formats in (FORMATS, MASTODON):
        assert chosen(formats, Sample(f"archive.zip!{name}", ".json", b"", private)) is None


def test_a_lookup_s_answer_holds_the_object_unless_it_is_a_tombstone() -> None:
    assert ids_of(note()) == {NOTE}
    assert is_gone({"id": NOTE, "type": "Tombstone"})
    assert not is_gone(note())
    assert ids_of({"id": NOTE, "type": "Tombstone"}) == ids_of(None) == ids_of([note()]) == set()


@given(
    document=JSON,
    wrap=st.sampled_from(["", "object", "actor", "to", "tag", "attachment", "published", "orderedItems", "url", "id"]),
)
def test_arbitrary_json_is_refused_and_never_breaks_a_format(document: Any, wrap: str) -> None:
    shapes = [document, note() | {wrap: document}, actor() | {wrap: document}]
    shapes += [activity(kind, note()) | {wrap: document} for kind in ("Create", "Undo", "Announce", "Delete", "Like", "Accept")]
    shapes += [{"type": "Collection", "id": f"{ANN}/followers"} | {wrap: document}, {"subject": "x", "links": document}]
    for native in FORMATS:
        for shape in shapes:
            native.matches(Sample("x", "", b"", shape))
            drive(native, [shape], context("activitypub"))
    drive(ObjectLines(), shapes, context("activitypub"))
