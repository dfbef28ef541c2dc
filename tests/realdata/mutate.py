"""Breaks real payloads at random, from a seed: a value goes, changes its type, its size or its place. Keeps no text."""

from __future__ import annotations

import copy
import random
from typing import Any, Final

_DEEP: Final = 100
_ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    2**70,
    -(2**70),
    1.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "0",
    "-1",
    "9" * 30,
    "nan",
    "1246-05-01T00:00:00Z",
    "2999-01-01T00:00:00Z",
    "0000-00-00",
    "1783175888085434",
    "at://",
    "did:",
    "https://[",
    "https://example.org:99999999/",
    "\ud800",
    "\x00",
    "#" * 3000,
    "@" * 3000,
    "<a href=",
    [],
    {},
    [None],
    {"": None},
)


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def _places(value: Any, limit: int = 4_000) -> list[tuple[Any, Any]]:
    """(container, key or index) of every value inside ``value``."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending and len(found) < limit:
        container = pending.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container)) if isinstance(container, list) else ()
        for key in keys:
            found.append((container, key))
            pending.append(container[key])
    return found


def mutated(payload: Any, chance: random.Random) -> Any:
    """A copy of a JSON value with one to three things wrong in it."""
    broken = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 3)):
        places = _places(broken)
        if not places:
            return chance.choice(_ODD)
        container, key = chance.choice(places)
        match chance.randrange(8):
            case 0:
                del container[key]
            case 1 | 2 | 3:
                container[key] = copy.deepcopy(chance.choice(_ODD))
            case 4:
                other, where = chance.choice(places)
                container[key] = copy.deepcopy(other[where]) if where in _keys(other) else None
            case 5:
                container[key] = [container[key]]
            case 6:
                container[key] = str(container[key])[: chance.randrange(12)]
            case _:
                container[key] = _nested(_DEEP) if chance.random() < 0.1 else {"value": container[key]}
    return broken


def _keys(container: Any) -> Any:
    return container.keys() if isinstance(container, dict) else range(len(container))


def mutated_cells(cells: dict[str, str], chance: random.Random) -> dict[str, str]:
    """A copy of a table's row with one to three cells emptied, cut, swapped or filled with something odd."""
    broken = dict(cells)
    for _ in range(chance.randint(1, 3)):
        name, other = chance.choice(list(broken)), chance.choice(list(broken))
        odd = [str(value) for value in _ODD if isinstance(value, int | float | str)]
        broken[name] = chance.choice([broken[other], broken[name][: chance.randrange(8)], chance.choice(odd)])
    return broken


def mutated_bytes(document: bytes, chance: random.Random) -> bytes:
    """A copy of a document with a stretch cut out, doubled, or overwritten by arbitrary bytes."""
    begin = chance.randrange(len(document))
    end = min(len(document), begin + chance.randrange(1, 80))
    stretch = chance.choice([b"", document[begin:end] * 2, chance.randbytes(end - begin), b"&#x110000;", b"<![CDATA[", b"]]>"])
    return document[:begin] + stretch + document[end:]
