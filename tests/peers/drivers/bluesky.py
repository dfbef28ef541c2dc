"""Acts on a Bluesky network through the SDK `atproto`: `python -m tests.peers.drivers.bluesky PDS_URL`."""

from __future__ import annotations

import sys
import time
from typing import Any

from atproto import Client, client_utils, models

from tests.peers.drivers.serving import serve

PDS = sys.argv[1]
PASSWORD = "loopback-only"  # noqa: S105 - of accounts that live as long as a test
_TRIES = 40
clients: dict[str, Client] = {}


def account(name: str) -> str:
    """Make an account and log in; its DID."""
    client = Client(PDS)
    client.com.atproto.server.create_account(
        models.ComAtprotoServerCreateAccount.Data(handle=f"{name}.test", email=f"{name}@example.test", password=PASSWORD)
    )
    for tries in range(_TRIES):
        try:
            client.login(f"{name}.test", PASSWORD)
            break
        except Exception:
            # The AppView has not yet indexed the account that the login asks it for.
            if tries == _TRIES - 1:
                raise
            time.sleep(0.25)
    clients[name] = client
    return str(client.me.did)


def _reference(record: dict[str, str]) -> Any:
    return models.ComAtprotoRepoStrongRef.Main(uri=record["uri"], cid=record["cid"])


def _made(response: Any) -> dict[str, str]:
    return {"uri": response.uri, "cid": response.cid}


def post(
    by: str,
    text: str,
    tag: str | None = None,
    link: str | None = None,
    mention: str | None = None,
    parent: dict[str, str] | None = None,
    root: dict[str, str] | None = None,
    quoted: dict[str, str] | None = None,
) -> dict[str, str]:
    """Make a post, reply or quote."""
    builder = client_utils.TextBuilder().text(text)
    if tag:
        builder = builder.text(" ").tag(f"#{tag}", tag)
    if link:
        builder = builder.text(" ").link("a link", link)
    if mention:
        builder = builder.text(" ").mention("@someone", mention)
    reply = None
    if parent:
        reply = models.AppBskyFeedPost.ReplyRef(parent=_reference(parent), root=_reference(root or parent))
    embed = models.AppBskyEmbedRecord.Main(record=_reference(quoted)) if quoted else None
    return _made(clients[by].send_post(builder, reply_to=reply, embed=embed, langs=["en"]))


def posts(by: str, texts: list[str]) -> list[dict[str, str]]:
    """Make many posts."""
    return [_made(clients[by].send_post(text)) for text in texts]


def like(by: str, post: dict[str, str]) -> str:
    return str(clients[by].like(post["uri"], post["cid"]).uri)


def repost(by: str, post: dict[str, str]) -> str:
    return str(clients[by].repost(post["uri"], post["cid"]).uri)


def follow(by: str, did: str) -> str:
    return str(clients[by].follow(did).uri)


def delete_post(by: str, uri: str) -> bool:
    return bool(clients[by].delete_post(uri))


def rename(by: str, handle: str) -> None:
    clients[by].com.atproto.identity.update_handle(models.ComAtprotoIdentityUpdateHandle.Data(handle=handle))


def deactivate(by: str) -> None:
    clients[by].com.atproto.server.deactivate_account(models.ComAtprotoServerDeactivateAccount.Data())


def session(by: str) -> str:
    """An access token of the account."""
    return str(clients[by]._session.access_jwt)


if __name__ == "__main__":
    serve(
        {
            function.__name__: function
            for function in (account, post, posts, like, repost, follow, delete_post, rename, deactivate, session)
        }
    )
