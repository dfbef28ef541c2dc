"""The watchlist: what it means, and what is said of every mistake in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.http.protocol import Budget, WatchItem
from pipelines.http.watchlist import WatchlistError, load_watchlist
from tests.unit.http.toy import client

SERVER = "https://toy.example"
CLIENTS = {"toy": client(SERVER)}


def load(folder: Path, text: str) -> dict[str, object]:
    file = folder / "watchlist.yaml"
    file.write_text(text)
    return dict(load_watchlist(file, CLIENTS))


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(WatchlistError) as caught:
        load(folder, text)
    assert str(caught.value).startswith(f"{folder / 'watchlist.yaml'}:")
    return caught.value.mistakes


def test_values_stand_alone_or_with_a_server_and_options(tmp_path: Path) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text(
        """
toy:
  server: http://127.0.0.1:8101/
  hosts: [media.toy.example]
  budget: {units: 500, requests_per_second: 0.5}
  days_back: 30
  accounts:
    - ann
    - value: ben
      server: https://other.example
      max_pages: 5
    - 12345
"""
    )
    toy = load_watchlist(file, CLIENTS)["toy"]
    assert toy.items == (
        WatchItem("toy", "accounts", "ann", "http://127.0.0.1:8101", {}),
        WatchItem("toy", "accounts", "ben", "https://other.example", {"max_pages": 5}),
        WatchItem("toy", "accounts", "12345", "http://127.0.0.1:8101", {}),
    )
    assert toy.hosts == ("media.toy.example",)
    assert toy.urls == ("http://127.0.0.1:8101", "https://other.example")
    assert toy.budget == Budget(500, 0.5)
    assert (toy.days_back, toy.server, toy.looks_up) == (30, "http://127.0.0.1:8101", True)


def test_what_is_not_said_is_the_platform_s_own(tmp_path: Path) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text("toy:\n  accounts: [ann]\n  lookups: false\n")
    toy = load_watchlist(file, CLIENTS)["toy"]
    assert toy.items[0].server == SERVER
    assert (toy.budget, toy.server, toy.looks_up) == (None, None, False)


def test_an_empty_watchlist_watches_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "") == {}
    assert load(tmp_path, "# nothing yet\n") == {}


@pytest.mark.parametrize(
    ("text", "line", "why", "instead"),
    [
        ("tiktak:\n  accounts: [ann]\n", 2, "tiktak is no platform that can be collected", "write one of toy"),
        ("toy: ann\n", 1, "toy holds no sources", "accounts"),
        ("toy:\n  acounts: [ann]\n", 2, "toy has no acounts", "write one of accounts"),
        ("toy:\n  accounts: ann\n", 2, "accounts of toy is no list", "after '- '"),
        ("toy:\n  accounts:\n    - ann\n    - ben\n    - ann\n", 5, "'ann' stands under accounts of toy already, in line 3", "leave"),
        ("toy:\n  accounts:\n    - #moss\n", 3, "None under accounts of toy is no text", "quotes"),
        ("toy:\n  accounts:\n    - yes\n", 3, "True under accounts of toy is no text", "quotes"),
        ("toy:\n  accounts:\n    - 2026-10-01\n", 3, "is no text", "quotes"),
        ("toy:\n  accounts:\n    - server: https://a.example\n", 3, "an item of accounts has no value", "value: a name: ann"),
        ("toy:\n  accounts:\n    - ann b\n", 3, "holds a space; write one name", "a name: ann"),
        ("toy:\n  server: toy.example\n  accounts: [ann]\n", 2, "no scheme", "https://"),
        ("toy:\n  server: http://toy.example\n", 2, "without encryption", "https://"),
        ("toy:\n  hosts: https://a.example\n", 2, "hosts is no list", "- media.example"),
        ("toy:\n  hosts:\n    - https://a.example/\n", 3, "no host name", "without https://"),
        ("toy:\n  days_back: soon\n", 2, "days_back is 'soon'", "whole number from 1"),
        ("toy:\n  accounts:\n    - value: ann\n      max_pages: 0\n", 4, "max_pages is 0", "whole number from 1"),
        ("toy:\n  budget: {unit: 5}\n", 2, "budget holds something else", "units"),
        ("toy:\n  budget: {units: -1}\n", 2, "units is -1", "whole number from 0"),
        ("toy:\n  budget: {requests_per_second: 0}\n", 2, "requests_per_second is 0", "above 0"),
        ("toy:\n  lookups: some\n", 2, "neither true nor false", "true"),
        ("- toy\n", 1, "no mapping", "bluesky:"),
        ("toy:\n\taccounts: [ann]\n", 2, "no YAML", "spaces"),
        ("toy:\n  accounts:\n    - @ann\n", 3, "no YAML", "quotes"),
        ("toy:\n  accounts: [a]\n  accounts: [b]\n", 3, "accounts is there twice", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_its_reason_and_what_to_write(
    tmp_path: Path, text: str, line: int, why: str, instead: str
) -> None:
    [told] = mistakes(tmp_path, text)
    assert told.startswith(f"{line}: ")
    assert why in told
    assert instead in told


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("toy:\n  access_token: abcdefgh\n  accounts: [ann]\n", "abcdefgh"),
        ("toy:\n  accounts:\n    - value: ann\n      password: hunter22\n", "hunter22"),
        ("toy:\n  accounts:\n    - https://feeds.example/rss?api_key=12345\n", "12345"),
        ("toy:\n  accounts:\n    - https://user:word@feeds.example/rss\n", "word"),
        ("toy:\n  accounts:\n    - Bearer abcdefghijkl\n", "abcdefghijkl"),
    ],
)
def test_a_secret_in_the_watchlist_is_refused_and_not_repeated(tmp_path: Path, text: str, secret: str) -> None:
    told = "\n".join(mistakes(tmp_path, text))
    assert secret not in told
    assert "secret" in told
    assert "environment variables" in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(tmp_path, "toy:\n  acounts: [ann]\n  days_back: 0\nnowhere: {}\n")
    assert [each.partition(":")[0] for each in told] == ["2", "3", "4"]
