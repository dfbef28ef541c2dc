"""Keyed pseudonyms for accounts, posts, handles and links, and the secret they hang on. Nothing else reads the secret."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

SECRET_VARIABLE: Final = "UNDERCURRENT_PSEUDONYM_SECRET"  # noqa: S105 - the name of the variable, not its value
_MINIMUM_SECRET_BYTES: Final = 16
_SHA256_BLOCK_BYTES: Final = 64
KEY_HEX_LENGTH: Final = 32  # 128 of the 256 bits: no collision to fear below 10^15 keys, half the bytes in every table


class SecretError(RuntimeError):
    """The pseudonym secret is missing, malformed or readable by others."""


class Pseudonymiser:
    """HMAC-SHA256 pseudonyms, truncated to 128 bits and written as 32 lower-case hex digits.

    The two key blocks of HMAC (RFC 2104) are hashed once and copied for each message: a third of the time of ``hmac.digest``,
    which hashes them again for every key.
    """

    __slots__ = ("_inner", "_outer", "_secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _MINIMUM_SECRET_BYTES:
            raise SecretError(f"The pseudonym secret has {len(secret)} bytes; at least {_MINIMUM_SECRET_BYTES} are needed.")
        self._secret = secret
        short = hashlib.sha256(secret).digest() if len(secret) > _SHA256_BLOCK_BYTES else secret
        block = short.ljust(_SHA256_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def __reduce__(self) -> tuple[Any, ...]:
        # Hash states cannot be sent to a worker process; the secret makes them anew there.
        return Pseudonymiser, (self._secret,)

    def key(self, platform: str, native_id: str) -> str:
        """The key of an account or post: a pure function of secret, platform and native id."""
        inner = self._inner.copy()
        inner.update(f"{platform}|{native_id}".encode("utf-8", "surrogatepass"))
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:KEY_HEX_LENGTH]

    def keys(self, platform: str, native_ids: Iterable[str]) -> str:
        """The keys of many native ids, one after another without a separator: half the time of asking for each."""
        prefixed = self._inner.copy()
        prefixed.update(f"{platform}|".encode("utf-8", "surrogatepass"))
        copy_inner, copy_outer = prefixed.copy, self._outer.copy
        digests = []
        for native_id in native_ids:
            inner, outer = copy_inner(), copy_outer()
            inner.update(native_id.encode("utf-8", "surrogatepass"))
            outer.update(inner.digest())
            digests.append(outer.digest()[: KEY_HEX_LENGTH // 2])
        return b"".join(digests).hex()

    def remembered(self, platform: str, most: int) -> RememberedKeys:
        """The keys of a platform's native ids, at most ``most`` of them kept, each made when it is first asked for."""
        return RememberedKeys(self, platform, most)

    def handle_key(self, platform: str, handle: str) -> str:
        """The key of a handle, by which profile links find the account behind it; '@' and case do not matter."""
        return self.key(platform, "@" + handle.strip().lstrip("@").casefold())

    def link_key(self, canonical_url: str) -> str:
        """The key of a canonical URL, equal on every platform."""
        return self.key("link", canonical_url)

    def __repr__(self) -> str:
        return "Pseudonymiser(secret withheld)"


class RememberedKeys(dict[str, str]):
    """Keys by native id, for those that come back often, such as threads. What comes once is slower to keep than to hash."""

    def __init__(self, pseudonyms: Pseudonymiser, platform: str, most: int) -> None:
        super().__init__()
        self._key, self._platform, self._most = pseudonyms.key, platform, most

    def __missing__(self, native_id: str) -> str:
        if len(self) >= self._most:
            self.clear()
        made = self[native_id] = self._key(self._platform, native_id)
        return made


def load_or_create(secret_file: Path) -> Pseudonymiser:
    """The pseudonymiser of an installation: secret from the environment (hex), else from the file, made on first use.

    The file gets mode 600 and is refused if group or others can read it. Raises SecretError.
    """
    from_environment = os.environ.get(SECRET_VARIABLE)
    if from_environment:
        return Pseudonymiser(_decode(from_environment, f"the environment variable {SECRET_VARIABLE}"))
    try:
        secret_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        mode = secret_file.stat().st_mode
        if mode & 0o077:
            raise SecretError(
                f"{secret_file} can be read by others (mode {mode & 0o777:o}); run: chmod 600 {secret_file}"
            ) from None
        return Pseudonymiser(_decode(secret_file.read_text("ascii"), str(secret_file)))
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(secrets.token_hex(32) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return Pseudonymiser(_decode(secret_file.read_text("ascii"), str(secret_file)))


def _decode(text: str, where: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError:
        raise SecretError(f"The pseudonym secret in {where} is not hexadecimal; 64 hex digits are expected.") from None
