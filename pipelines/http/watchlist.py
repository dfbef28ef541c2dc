"""The watchlist: one YAML that says what is collected live. Every mistake in it is told with its line, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from pipelines.http.hosts import is_private, origin
from pipelines.http.protocol import Budget, PlatformClient, Source, WatchItem, Window
from pipelines.http.watched import Watched

_SETTINGS: Final = ("server", "hosts", "budget", "days_back", "lookups")
_MOST_DAYS_BACK: Final = 3_650
# A value that cannot be asked about is found by asking the source for its first request, which sends nothing.
_ANY_WINDOW: Final = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
# Names that a secret goes by; and shapes that only secrets have.
_SECRET_NAMES: Final = re.compile(
    r"(?:^|[_-])(?:secret|password|passwd|token|api[_-]?key|apikey|client[_-]?secret|authorization)s?$", re.IGNORECASE
)
_SECRET_SHAPES: Final = re.compile(
    r"(?:bearer\s+\S{8,}|[?&](?:access_token|api_?key|key|token|client_secret|password)=[^&\s]+|AIza[\w-]{30,}|EAA\w{30,}|clt\.\w{10,})", re.IGNORECASE
)  # fmt: skip


class WatchlistError(ValueError):
    """Mistakes of a watchlist, each with its place."""

    def __init__(self, file: Path, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(f"{file}:{mistake}" for mistake in mistakes))


@dataclass(frozen=True, slots=True)
class _Node:
    """A YAML value with the line it begins in."""

    value: Any  # str, int, float, bool, None, list[_Node] or dict[str, _Node]
    line: int


class _Mistakes:
    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def say(self, node: _Node, what: str, instead: str) -> None:
        self._found.append((node.line, f"{what}; {instead}"))

    def lines(self) -> list[str]:
        return [f"{line}: {text}" for line, text in sorted(self._found)]


def load_watchlist(file: Path, clients: Mapping[str, PlatformClient]) -> dict[str, Watched]:
    """What is watched, by platform.

    Args:
        file: the YAML.
        clients: how each platform is asked.

    Raises:
        WatchlistError: naming every mistake, by line.
        OSError: the file cannot be read.
    """
    mistakes = _Mistakes()
    root = _tree(file)
    watched: dict[str, Watched] = {}
    for secret, why in _secrets(root):
        mistakes.say(secret, why, "secrets go into environment variables, which the platform's README names")
    if mistakes.lines():  # nothing else is said before they are out: another complaint would repeat them
        raise WatchlistError(file, mistakes.lines())
    if not isinstance(root.value, dict):
        mistakes.say(root, "the watchlist is no mapping", "begin with a platform's name and a colon, as: bluesky:")
    else:
        for name, node in root.value.items():
            if name not in clients:
                mistakes.say(node, f"{name} is no platform that can be collected", f"write one of {_listed(clients)}")
            elif found := _platform(name, node, clients[name], mistakes):
                watched[name] = found
    if mistakes.lines():
        raise WatchlistError(file, mistakes.lines())
    return watched


def _platform(name: str, node: _Node, client: PlatformClient, mistakes: _Mistakes) -> Watched | None:
    if not isinstance(node.value, dict):
        mistakes.say(node, f"{name} holds no sources", f"write under it {_listed(_sources(client))}, each with a list")
        return None
    server = _server(node.value.get("server"), mistakes)
    days_back = _whole(node.value.get("days_back"), "days_back", 1, _MOST_DAYS_BACK, 7, mistakes)
    items: list[WatchItem] = []
    for key, listed in node.value.items():
        if key in _SETTINGS:
            continue
        if key not in _sources(client):
            known = [*_sources(client), *_SETTINGS]
            mistakes.say(listed, f"{name} has no {key}", f"write one of {_listed(known)}")
        else:
            items += _items(name, key, listed, server or client.server, client, mistakes)
    urls = [server, *(item.server for item in items), *(item.value for item in items if _is_url(item.value))]
    lookups = node.value.get("lookups", _Node(value=True, line=node.line))
    if not isinstance(lookups.value, bool):
        mistakes.say(lookups, "lookups is neither true nor false", "write true, or false to look nothing up again")
    return Watched(
        name,
        tuple(items),
        hosts=tuple(_hosts(node.value.get("hosts"), mistakes)),
        urls=tuple(dict.fromkeys(url for url in urls if url)),
        server=server,
        budget=_budget(node.value.get("budget"), client.budget, mistakes),
        days_back=days_back,
        looks_up=lookups.value is True,
    )


def _items(
    platform: str, source: str, listed: _Node, server: str, client: PlatformClient, mistakes: _Mistakes
) -> Iterator[WatchItem]:
    about = _sources(client)[source]
    if not isinstance(listed.value, list):
        mistakes.say(listed, f"{source} of {platform} is no list", f"write each on a line of its own after '- ', as: - {about}")
        return
    seen: dict[tuple[str, str], int] = {}
    for node in listed.value:
        found = _item(platform, source, node, server, about, mistakes)
        if found is None:
            continue
        key = (found.value, found.server)
        if key in seen:
            mistakes.say(
                node, f"{found.value!r} stands under {source} of {platform} already, in line {seen[key]}", "leave one out"
            )
            continue
        seen[key] = node.line
        try:
            _source(client, source).begin(found, {}, _ANY_WINDOW)
        except ValueError as error:
            mistakes.say(node, f"{source} of {platform} cannot be asked about: {error}", f"a value is {about}")
            continue
        yield found


def _item(platform: str, source: str, node: _Node, server: str, about: str, mistakes: _Mistakes) -> WatchItem | None:
    if isinstance(node.value, dict):
        fields = node.value
        value = fields.get("value")
        if value is None:
            mistakes.say(node, f"an item of {source} has no value", f"write: - value: {about}")
            return None
        own = _server(fields.get("server"), mistakes)
        options = {key: _plain(each) for key, each in fields.items() if key not in {"value", "server"}}
        for key, most in (("days_back", _MOST_DAYS_BACK), ("max_pages", 100_000)):
            _whole(fields.get(key), key, 1, most, 1, mistakes)
    else:
        value, own, options = node, None, {}
    if isinstance(value.value, bool | None) or not isinstance(value.value, str | int) or not str(value.value).strip():
        instead = f"put it in quotes; a value is {about}"
        mistakes.say(value, f"{_plain(value)!r} under {source} of {platform} is no text", instead)
        return None
    return WatchItem(platform, source, str(value.value).strip(), own or server, options)


def _server(node: _Node | None, mistakes: _Mistakes) -> str | None:
    if node is None:
        return None
    text = node.value if isinstance(node.value, str) else str(node.value)
    try:
        named = origin(text)
    except ValueError as error:
        mistakes.say(node, f"server {text!r}: {error}", "write the base URL, as: https://mastodon.example")
        return None
    if named.scheme == "http" and not is_private(named.host):
        mistakes.say(node, f"server {text!r} would be asked without encryption", "write https://, or an address of this machine")
        return None
    return text.rstrip("/")


def _hosts(node: _Node | None, mistakes: _Mistakes) -> Iterator[str]:
    if node is None:
        return
    if not isinstance(node.value, list):
        mistakes.say(node, "hosts is no list", "write each host on a line of its own after '- ', as: - media.example")
        return
    for each in node.value:
        if not isinstance(each.value, str) or not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", each.value, re.IGNORECASE):
            mistakes.say(
                each, f"{_plain(each)!r} is no host name", "write a name without https:// and without a path, as: media.example"
            )
        else:
            yield each.value.lower()


def _budget(node: _Node | None, own: Budget, mistakes: _Mistakes) -> Budget | None:
    if node is None:
        return None
    if not isinstance(node.value, dict) or set(node.value) - {"units", "requests_per_second"}:
        mistakes.say(node, "budget holds something else than units and requests_per_second", "write: budget: {units: 500}")
        return None
    units = _whole(node.value.get("units"), "units", 0, 10**9, own.units, mistakes)
    pace = node.value.get("requests_per_second")
    if pace is not None and (
        isinstance(pace.value, bool) or not isinstance(pace.value, int | float) or not 0 < pace.value <= 1000
    ):
        mistakes.say(pace, f"requests_per_second is {_plain(pace)!r}", "write a number above 0, such as 0.5")
        return None
    return Budget(units, float(pace.value) if pace is not None else own.requests_per_second, own.resets)


def _whole(node: _Node | None, name: str, least: int, most: int, default: int, mistakes: _Mistakes) -> int:
    if node is None:
        return default
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not least <= node.value <= most:
        mistakes.say(node, f"{name} is {_plain(node)!r}", f"write a whole number from {least} to {most:,}")
        return default
    return int(node.value)


def _secrets(node: _Node, name: str = "") -> Iterator[tuple[_Node, str]]:
    if isinstance(node.value, dict):
        for key, each in node.value.items():
            if _SECRET_NAMES.search(key) and not isinstance(each.value, list):
                yield each, f"{key} looks like a secret"
            else:
                yield from _secrets(each, key)
    elif isinstance(node.value, list):
        for each in node.value:
            yield from _secrets(each, name)
    elif isinstance(node.value, str) and (_SECRET_SHAPES.search(node.value) or _has_password(node.value)):
        yield node, f"a value{f' of {name}' if name else ''} holds a secret"


def _has_password(text: str) -> bool:
    return re.match(r"https?://[^/\s@]*@", text) is not None


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _sources(client: PlatformClient) -> dict[str, str]:
    return {source.name: source.about for source in client.sources}


def _source(client: PlatformClient, name: str) -> Source:
    return next(source for source in client.sources if source.name == name)


def _listed(names: Mapping[str, Any] | list[str]) -> str:
    return ", ".join(names)


def _plain(node: _Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(each) for key, each in node.value.items()}
    return [_plain(each) for each in node.value] if isinstance(node.value, list) else node.value


def _tree(file: Path) -> _Node:
    """The YAML with its lines. Raises WatchlistError where it is none, or names a key twice."""
    try:
        root = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
        return _Node({}, 1) if root is None else _node(root, yaml.SafeLoader("").construct_object)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WatchlistError(
            file, [f"{line}: no YAML: {error.problem}; indent with spaces, and put odd text in quotes"]
        ) from None
    except UnicodeDecodeError as error:
        raise WatchlistError(file, [f"1: byte {error.start} is not UTF-8; save the file as UTF-8"]) from None
    except RecursionError:
        raise WatchlistError(file, ["1: nested too deeply; a watchlist has four levels"]) from None


def _node(node: yaml.Node, construct: Callable[[yaml.Node], Any]) -> _Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, _Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                raise yaml.MarkedYAMLError(problem=f"{name} is there twice", problem_mark=key.start_mark)
            found[name] = _node(value, construct)
        return _Node(found, line)
    if isinstance(node, yaml.SequenceNode):
        return _Node([_node(each, construct) for each in node.value], line)
    return _Node(construct(node), line)
