"""Secrets of the environment: which platform has what it needs, how a secret goes into a request, and that it goes nowhere else."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from pipelines.http.protocol import Credential

REDACTED: Final = "[redacted]"
# Shorter values would blot out ordinary text, and are no secrets.
_SHORTEST_SECRET: Final = 6
_NOISY: Final = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore", "pipelines.http.asking")


class Redactor(logging.Filter):
    """Replaces secrets in text, bytes and log records, in every form in which a URL, a form or a header would carry them."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: list[str] = []

    def learn(self, *secrets: str) -> None:
        """Know further secrets."""
        forms = {
            form
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
            for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), secret.replace("/", "\\/"))
        }
        # The longest first: a secret that contains another must not leave its rest behind.
        self._secrets = sorted({*self._secrets, *forms}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def data(self, data: bytes) -> bytes:
        """``data`` without secrets. Some platforms write the token that they were asked with into the address of the next page."""
        for secret in self._secrets:
            encoded = secret.encode()
            if encoded in data:
                data = data.replace(encoded, REDACTED.encode())
        return data

    def filter(self, record: logging.LogRecord) -> bool:
        """Take secrets out of a log record; all records pass."""
        shown = record.getMessage()
        clean = self.text(shown)
        if clean != shown:
            record.msg, record.args = clean, ()
        return True

    def watch_logs(self) -> None:
        """Have the loggers of everything that sees a request pass through here."""
        for name in _NOISY:
            logging.getLogger(name).addFilter(self)

    def leave_logs(self) -> None:
        """Undo ``watch_logs``."""
        for name in _NOISY:
            logging.getLogger(name).removeFilter(self)


class Credentials:
    """The credentials of one platform, as the environment has them."""

    def __init__(self, declared: Sequence[Credential], environment: Mapping[str, str], redactor: Redactor) -> None:
        self._declared = {each.name: each for each in declared}
        self._values: dict[str, tuple[str, ...]] = {}
        for each in declared:
            values = tuple(environment.get(name, "").strip() for name in each.variables)
            # What no header can carry is no secret; the library's complaint would show it.
            if all(value and value.isprintable() for value in values):
                self._values[each.name] = values
                redactor.learn(*values)
                if len(values) == 2:
                    redactor.learn(basic(*values))

    def missing(self) -> str | None:
        """Why the platform cannot be asked at all: no way in that it needs is open. None where one is."""
        needed = [each for each in self._declared.values() if not each.is_optional]
        if not needed or any(each.name in self._values for each in needed):
            return None
        ways = " or ".join(" and ".join(each.variables) for each in needed)
        return f"no credentials: set {ways} in the environment"

    def declared(self, name: str) -> Credential:
        """The credential of this name. Raises KeyError."""
        return self._declared[name]

    def values(self, name: str) -> tuple[str, ...] | None:
        """Its secrets; None where the environment lacks one."""
        return self._values.get(name)


def basic(user: str, password: str) -> str:
    """The value of HTTP Basic (RFC 7617), without its scheme."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()
