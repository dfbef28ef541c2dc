"""Makes a Pushshift-format comment dump of a wanted size for benchmarks. Synthetic text; the shape is the real one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import zstandard

_WORDS: Final = [
    "the",
    "a",
    "thrift",
    "vintage",
    "linen",
    "ramen",
    "broth",
    "serum",
    "sneaker",
    "drop",
    "vinyl",
    "zine",
    "garden",
    "sourdough",
    "mend",
    "dye",
    "thread",
]
_BAD: Final[list[Callable[[bytes], bytes]]] = [
    lambda line: line[: len(line) // 2] + b"\n",
    lambda line: line.replace(b'"created_utc":', b'"created_utc":32503680000,"created":'),
    lambda line: line.replace(b'"id":', b'"no_id":', 1),
]
_START: Final = 1_785_542_400  # 2026-08-01T00:00:00Z
_SPAN_SECONDS: Final = 31 * 86_400


def write_dump(file: Path, wanted_bytes: int, *, seed: int = 1, window_log: int = 27, bad_share: float = 0.0) -> int:
    """Write NDJSON comments, sorted by time, as one zstd file.

    Args:
        file: the ``.zst`` to write.
        wanted_bytes: decompressed size to reach.
        seed: of the generator.
        window_log: base-2 logarithm of the zstd window; real dumps use 31.
        bad_share: share of lines that are broken JSON, or have a time in 2999 or no id, in turn.

    Returns:
        The number of comments.
    """
    rng = random.Random(seed)
    encoder = msgspec.json.Encoder()
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=window_log)
    filler = dict.fromkeys(
        ("approved_at_utc", "author_flair_text", "banned_by", "collapsed_reason", "mod_note", "top_awarded_type")
    )
    filler |= {f"author_flair_{part}": "" for part in ("css_class", "background_color", "richtext", "template_id")}
    flags = dict.fromkeys(
        ("archived", "can_gild", "collapsed", "is_submitter", "locked", "no_follow", "stickied", "send_replies"), False
    )
    authors = [f"person_{number}" for number in range(40_000)]
    subreddits = [f"sub{number}" for number in range(60)]
    estimate = wanted_bytes / 1_330
    written = count = 0
    with file.open("wb") as raw, zstandard.ZstdCompressor(compression_params=parameters).stream_writer(raw) as out:
        while written < wanted_bytes:
            created = _START + int(min(count / estimate, 0.999) * _SPAN_SECONDS)
            body = " ".join(rng.choices(_WORDS, k=rng.randint(5, 90)))
            if rng.random() < 0.05:
                body += f" #{rng.choice(_WORDS)}craft"
            if rng.random() < 0.05:
                body += f" https://example.org/{rng.randrange(9999)}?utm_source=x"
            subreddit = rng.choice(subreddits)
            link = f"t3_{rng.randrange(50_000):x}"
            line = (
                encoder.encode(
                    {
                        "id": f"k{count:07x}",
                        "name": f"t1_k{count:07x}",
                        "author": rng.choice(authors),
                        "author_fullname": f"t2_{rng.randrange(40_000):x}",
                        "body": body,
                        "created_utc": created,
                        "retrieved_on": created + 130_000,
                        "edited": False,
                        "score": rng.randint(-5, 300),
                        "controversiality": 0,
                        "link_id": link,
                        "parent_id": link if rng.random() < 0.5 or count < 100 else f"t1_k{rng.randrange(count):07x}",
                        "subreddit": subreddit,
                        "subreddit_id": f"t5_{subreddit}",
                        "permalink": f"/r/{subreddit}/comments/{link}/x/k{count:07x}/",
                        "distinguished": None,
                        **filler,
                        **flags,
                    }
                )
                + b"\n"
            )
            if bad_share and rng.random() < bad_share:
                line = _BAD[count % len(_BAD)](line)
            out.write(line)
            written += len(line)
            count += 1
    return count
