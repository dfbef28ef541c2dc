"""Retells a network's firehose as Jetstream v1 does, over a websocket: `python -m tests.peers.drivers.jetstream PDS_URL PORT`. The SDK reads the firehose.

Jetstream's own server comes from no registry that this project asks. What it would tell is here made by us, from events that the
personal data server made.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from atproto import CAR, FirehoseSubscribeReposClient, models, parse_subscribe_repos_message
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

events: list[dict[str, Any]] = []
changed = threading.Condition()


def main() -> None:
    """Listen to the firehose from its beginning, and tell whoever subscribes."""
    pds, port = sys.argv[1].replace("http://", "ws://"), int(sys.argv[2])
    everything = models.ComAtprotoSyncSubscribeRepos.Params(cursor=0)
    firehose = FirehoseSubscribeReposClient(everything, base_uri=f"{pds}/xrpc")
    threading.Thread(target=firehose.start, args=(heard,), daemon=True).start()
    with serve(tell, "127.0.0.1", port) as server:
        print("READY", flush=True)
        server.serve_forever()


def heard(message: Any) -> None:
    """One frame of the firehose."""
    for event in retold(parse_subscribe_repos_message(message)):
        with changed:
            # Jetstream's times only grow; several records of one commit have one time there.
            event["time_us"] = max(event["time_us"], events[-1]["time_us"] + 1 if events else 0)
            events.append(event)
            changed.notify_all()


def retold(frame: Any) -> list[dict[str, Any]]:
    """A frame as Jetstream's events."""
    if isinstance(frame, models.ComAtprotoSyncSubscribeRepos.Commit):
        blocks = CAR.from_bytes(frame.blocks).blocks if frame.blocks else {}
        return [_event(frame.repo, frame.time, "commit", _operation(frame.rev, one, blocks)) for one in frame.ops]
    body = {"did": getattr(frame, "did", None), "seq": getattr(frame, "seq", None), "time": getattr(frame, "time", None)}
    if isinstance(frame, models.ComAtprotoSyncSubscribeRepos.Identity):
        return [_event(frame.did, frame.time, "identity", {**body, "handle": frame.handle})]
    if isinstance(frame, models.ComAtprotoSyncSubscribeRepos.Account):
        status = {"status": frame.status} if frame.status else {}
        return [_event(frame.did, frame.time, "account", {**body, "active": frame.active, **status})]
    return []


def _event(did: str, time: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    moment = datetime.fromisoformat(time)
    return {"did": did, "time_us": int(moment.timestamp() * 1_000_000), "kind": kind, kind: body}


def _operation(rev: str, one: Any, blocks: dict[Any, Any]) -> dict[str, Any]:
    collection, rkey = one.path.split("/", 1)
    told = {"rev": rev, "operation": one.action, "collection": collection, "rkey": rkey}
    return told if one.cid is None else {**told, "record": blocks[one.cid], "cid": str(one.cid)}


def tell(socket: ServerConnection) -> None:
    """One subscriber: what lies after its cursor, then what comes."""
    assert socket.request is not None
    query = parse_qs(urlsplit(socket.request.path).query)
    wanted, dids = set(query.get("wantedCollections", [])), set(query.get("wantedDids", []))
    place, since = 0, int(query.get("cursor", ["0"])[0])
    try:
        while True:
            with changed:
                if len(events) == place:
                    changed.wait(timeout=1)
                waiting, place = events[place:], len(events)
            for event in waiting:
                is_wanted = event["kind"] != "commit" or not wanted or event["commit"]["collection"] in wanted
                if event["time_us"] >= since and is_wanted and (not dids or event["did"] in dids):
                    socket.send(json.dumps(event, default=str))
    except ConnectionClosed:
        return


if __name__ == "__main__":
    main()
