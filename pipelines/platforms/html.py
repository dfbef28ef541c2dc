"""The text and links inside the HTML of fediverse posts and profiles. Nothing about posts."""

from __future__ import annotations

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        classes = (attributes.get("class") or "").split()
        href = attributes.get("href")
        # Mentions and hashtags are links too, but to people and tag pages, which have fields of their own.
        if tag == "a" and href and not {"mention", "hashtag", "u-url"} & set(classes):
            self.links.append(href)
        if tag == "br" or (tag == "p" and self.pieces):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def text_and_links(html: str) -> tuple[str, list[str]]:
    """The visible text (a line per paragraph or break) and the distinct links that are neither mention nor hashtag."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.pieces).strip(), list(dict.fromkeys(reader.links))
