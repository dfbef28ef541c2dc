"""How each platform writes an invented world down: native payloads as Python values. No randomness beyond stable hashes, no files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pipelines.world.model import DAY, GENERAL_TAGS, NICHES, PLATFORMS, SLANG, START, START_SECONDS, World, day_of

Payload = dict[str, Any]
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_SORTABLE: Final = "234567abcdefghijklmnopqrstuvwxyz"
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_NAMES: Final = (
    "wren",
    "odile",
    "bram",
    "saffi",
    "juno",
    "tamsin",
    "ravi",
    "mirek",
    "noor",
    "lotte",
    "ines",
    "kofi",
    "hana",
    "piet",
)
_NOUNS: Final = ("makes", "writes", "cooks", "walks", "daily", "studio", "corner", "notes", "shelf", "garden", "loft", "press")
_SENTENCES: Final = (
    "Spent the morning on this and I am not sorry.",
    "Anyone else doing this lately?",
    "Small update from the kitchen table.",
    "Third try, finally happy with it.",
    "Found this at the market on Saturday.",
    "A few of you asked how it is done.",
    "Quick notes before I forget.",
    "Still thinking about this one.",
)
_REPLIES: Final = (
    "Love this.",
    "Where did you find it?",
    "Trying it tonight.",
    "So good, thank you.",
    "Tell me more?",
    "Same here!",
)
OUTLETS: Final = (
    "The Daily Ledger", "Harbour Post", "Style Weekly", "Table Talk", "The Page Turner", "Metro Evening",
    "Form Magazine", "Good Life", "Northern Review", "Trend Desk", "Larkfield Stores", "Mondo Beauty",
)  # fmt: skip


def _pick(*parts: object) -> int:
    return int.from_bytes(hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def _spelled(number: int, alphabet: str, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))


def _text_id(alphabet: str, length: int, *parts: object) -> str:
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=48).digest()
    return _spelled(int.from_bytes(digest, "big"), alphabet, length)


def peers_of(world: World) -> dict[tuple[int, int], list[int]]:
    """Account numbers by platform and niche number."""
    peers: dict[tuple[int, int], list[int]] = {}
    pairs = zip(world.accounts.platform.tolist(), world.accounts.niche.tolist(), strict=True)
    for account, pair in enumerate(pairs):
        peers.setdefault(pair, []).append(account)
    return peers


@dataclass(frozen=True, slots=True)
class Writer:
    """Names and payloads of one world; every value is a function of the world and the numbers given."""

    world: World
    peers: dict[tuple[int, int], list[int]]  # accounts by platform and niche number

    def platform(self, account: int) -> str:
        """Platform name of an account."""
        return PLATFORMS[int(self.world.accounts.platform[account])]

    def handle(self, account: int) -> str:
        """Handle of an account, unique by its number."""
        pick = _pick(self.world.seed, "name", self.world.accounts.person[account])
        joint = "_" if self.platform(account) != "bluesky" else "-"
        return f"{_NAMES[pick % len(_NAMES)]}{joint}{_NOUNS[pick // 97 % len(_NOUNS)]}{account}"

    def native_account(self, account: int) -> str:
        """Native id by which the lake keys the account."""
        handle, seed = self.handle(account), self.world.seed
        match self.platform(account):
            case "bluesky":
                return "did:plc:" + _text_id(_BASE32, 24, seed, "did", account)
            case "mastodon":
                return f"https://{self.instance(account)}/@{handle}"
            case "youtube":
                return "UC" + _text_id(_BASE64, 22, seed, "channel", account)
            case _:
                return handle

    def instance(self, account: int) -> str:
        """Mastodon server of an account."""
        return ("meadow.example", "brickwall.example", "commons.example")[account % 3]

    def seconds(self, post: int) -> int:
        """Unix seconds of a post."""
        return START_SECONDS + int(self.world.posts.seconds[post])

    def iso(self, post: int) -> str:
        """ISO 8601 time of a post with milliseconds."""
        moment = START + timedelta(seconds=int(self.world.posts.seconds[post]))
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{post % 1000:03d}Z"

    def account_of(self, post: int) -> int:
        """Author of a post."""
        return int(self.world.posts.account[post])

    def parent(self, post: int) -> int:
        """Parent of a post, or -1."""
        return int(self.world.posts.parent[post])

    def tags(self, post: int) -> list[str]:
        """Planted tags, then perennial ones of the niche and general ones."""
        pick = _pick(self.world.seed, "tags", post)
        vocabulary = tuple(NICHES.values())[int(self.world.accounts.niche[self.account_of(post)])]
        perennial = (
            [vocabulary[pick % 8], vocabulary[pick // 8 % 8]]
            if self.parent(post) < 0
            else [vocabulary[pick % 8]][: pick // 64 % 2]
        )
        general = [GENERAL_TAGS[pick // 512 % 5]] if pick // 4096 % 4 == 0 else []
        return list(dict.fromkeys([*self.world.trend_tags.get(post, []), *perennial, *general]))

    def words(self, post: int) -> str:
        """Text without hashtags, sometimes with the niche's slang."""
        pick = _pick(self.world.seed, "words", post)
        slang = tuple(SLANG.values())[int(self.world.accounts.niche[self.account_of(post)])]
        lines = _REPLIES if self.parent(post) >= 0 else _SENTENCES
        return lines[pick % len(lines)] + (f" {slang[pick // 8 % 3]}" if pick // 64 % 3 == 0 else "")

    def text(self, post: int) -> str:
        """Text with hashtags."""
        return " ".join([self.words(post), *("#" + tag for tag in self.tags(post)), *self._mention(post)])

    def _mention(self, post: int) -> list[str]:
        """On TikTok and Instagram, whose exports hold no replies, two posts in five name another account of the niche."""
        account, pick = self.account_of(post), _pick(self.world.seed, "mention", post)
        if self.platform(account) not in {"tiktok", "instagram"} or pick % 5 > 1:
            return []
        peers = self.peers[int(self.world.accounts.platform[account]), int(self.world.accounts.niche[account])]
        other = peers[pick // 5 % len(peers)]
        return [f"@{self.handle(other)}"] if other != account else []

    def followers_at(self, post: int) -> int:
        """Followers of a post's author when it was posted."""
        return self.world.accounts.followers(self.account_of(post), int(self.world.posts.seconds[post]) / DAY)

    def engagement(self, post: int) -> tuple[int, int, int]:
        """Likes, comments and shares: falling rates with size, over-dispersed."""
        audience = max(self.followers_at(post), 200)
        likes = int(audience**0.85 * (0.05 + _pick(self.world.seed, "likes", post) % 1000 / 2500))
        return likes, likes // 18, likes // 40

    def biography(self, account: int) -> str:
        """Profile text; persons with two accounts name the other one."""
        person = self.world.accounts.person
        for other in (account - 1, account + 1):
            if 0 <= other < len(person) and person[other] == person[account] and self.platform(other) in {"tiktok", "instagram"}:
                return f"also https://www.{self.platform(other)}.com/@{self.handle(other)}".replace(
                    "instagram.com/@", "instagram.com/"
                )
        return "notes on " + tuple(NICHES)[int(self.world.accounts.niche[account])]

    # ---- Reddit -----------------------------------------------------------------------------------------------------

    def reddit_id(self, post: int) -> str:
        """Base-36 id of a submission or comment."""
        return _spelled(36**6 + 7_000_000 + post, _BASE36, 7)

    def subreddit(self, post: int) -> str:
        """Subreddit of the author's niche."""
        return tuple(NICHES)[int(self.world.accounts.niche[self.account_of(post)])].replace(" ", "")

    def reddit(self, post: int) -> Payload:
        """One Pushshift line: a submission, or a comment where the post has a parent."""
        account, parent, own, seconds = self.account_of(post), self.parent(post), self.reddit_id(post), self.seconds(post)
        likes = _pick(self.world.seed, "score", post) % 300
        common: Payload = {
            "author": self.handle(account), "author_fullname": f"t2_{_spelled(account + 36**5, _BASE36, 6)}", "author_flair_text": None,
            "created_utc": seconds, "distinguished": None, "edited": False, "id": own, "retrieved_on": seconds + 15, "score": likes,
            "stickied": False, "subreddit": self.subreddit(parent if parent >= 0 else post), "subreddit_type": "public",
        }  # fmt: skip
        if parent >= 0:
            link = f"t3_{self.reddit_id(parent)}"
            return {**common, "body": self.text(post), "controversiality": 0, "gilded": 0, "is_submitter": False, "link_id": link,
                    "parent_id": link, "name": f"t1_{own}", "permalink": f"/r/{common['subreddit']}/comments/{link[3:]}/_/{own}/"}  # fmt: skip
        link = f"https://www.reddit.com/r/{common['subreddit']}/comments/{own}/_/"
        return {**common, "domain": f"self.{common['subreddit']}", "is_self": True, "is_video": False, "name": f"t3_{own}", "num_comments": likes // 9,
                "num_crossposts": 0, "over_18": False, "permalink": link.removeprefix("https://www.reddit.com"), "selftext": self.text(post),
                "title": self.words(post), "upvote_ratio": 0.93, "url": link}  # fmt: skip

    # ---- Bluesky ----------------------------------------------------------------------------------------------------

    def record_key(self, number: int, seconds: int) -> str:
        """A TID-like record key, sortable by time."""
        return _spelled((seconds * 1_000_000 + number % 1_000_000) << 10, _SORTABLE, 13)

    def at_uri(self, post: int) -> str:
        """at:// address of a post."""
        return f"at://{self.native_account(self.account_of(post))}/app.bsky.feed.post/{self.record_key(post, self.seconds(post))}"

    def content_id(self, *parts: object) -> str:
        """A CID-like string."""
        return "bafyrei" + _text_id(_BASE32, 52, self.world.seed, *parts)

    def commit(self, account: int, seconds: int, number: int, collection: str, record: Payload) -> Payload:
        """A Jetstream create event."""
        return {"did": self.native_account(account), "time_us": seconds * 1_000_000 + 400_000 + number % 500_000, "kind": "commit",
                "commit": {"rev": self.record_key(number + 1, seconds + 1), "operation": "create", "collection": collection,
                           "rkey": self.record_key(number, seconds), "record": {"$type": collection, **record},
                           "cid": self.content_id(collection, number)}}  # fmt: skip

    def reference(self, post: int) -> Payload:
        """A strong reference to a post."""
        return {"cid": self.content_id("app.bsky.feed.post", post), "uri": self.at_uri(post)}

    def bluesky(self, post: int) -> Payload:
        """A Jetstream line of a post or reply."""
        text, facets = self.words(post), []
        for tag in self.tags(post):
            start = len(text.encode()) + 1
            text += f" #{tag}"
            facets.append({"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": tag}],
                           "index": {"byteStart": start, "byteEnd": len(text.encode())}})  # fmt: skip
        record: Payload = {"createdAt": self.iso(post), "langs": ["en"], "text": text}
        if facets:
            record["facets"] = facets
        if self.parent(post) >= 0:
            record["reply"] = {"parent": self.reference(self.parent(post)), "root": self.reference(self.parent(post))}
        return self.commit(self.account_of(post), self.seconds(post), post, "app.bsky.feed.post", record)

    def bluesky_profile(self, account: int, day: int) -> Payload:
        """One profile of a getProfiles response."""
        return {"did": self.native_account(account), "handle": f"{self.handle(account)}.bsky.social", "displayName": self.handle(account).title(),
                "description": self.biography(account), "followersCount": self.world.accounts.followers(account, day),
                "followsCount": 80 + account % 700, "postsCount": 20 + day + account % 400, "createdAt": "2024-02-06T10:00:00.000Z",
                "indexedAt": f"{day_of(day).isoformat()}T12:00:00.000Z", "labels": []}  # fmt: skip

    # ---- Mastodon ---------------------------------------------------------------------------------------------------

    def mastodon_id(self, post: int) -> str:
        """Snowflake-like status id."""
        return str((self.seconds(post) * 1000 << 16) + post % 65_536)

    def mastodon_account(self, account: int, day: float) -> Payload:
        """An Account entity as seen from another server."""
        handle, url = self.handle(account), self.native_account(account)
        return {"id": str(109_000_000_000_000 + account), "username": handle, "acct": f"{handle}@{self.instance(account)}", "display_name": handle.title(),
                "locked": False, "bot": False, "discoverable": True, "group": False, "created_at": "2023-03-01T00:00:00.000Z",
                "note": f"<p>{self.biography(account)}</p>", "url": url, "uri": url.replace("/@", "/users/"),
                "followers_count": self.world.accounts.followers(account, day), "following_count": 60 + account % 500,
                "statuses_count": 30 + int(day) + account % 900, "last_status_at": day_of(int(day)).isoformat(), "emojis": [], "fields": []}  # fmt: skip

    def mastodon(self, post: int) -> Payload:
        """A Status entity."""
        account, parent = self.account_of(post), self.parent(post)
        server, own, target = self.instance(account), self.mastodon_id(post), self.account_of(parent) if parent >= 0 else -1
        tags = self.tags(post)
        links = " ".join(
            f'<a href="https://{server}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>' for tag in tags
        )
        address = f"https://{server}/users/{self.handle(account)}/statuses/{own}"
        mentions = [] if target < 0 else [
            {"id": str(109_000_000_000_000 + target), "username": self.handle(target), "url": self.native_account(target),
             "acct": f"{self.handle(target)}@{self.instance(target)}"}]  # fmt: skip
        likes, replies, shares = self.engagement(post)
        return {"id": own, "created_at": self.iso(post), "in_reply_to_id": self.mastodon_id(parent) if parent >= 0 else None,
                "in_reply_to_account_id": str(109_000_000_000_000 + target) if target >= 0 else None, "sensitive": False, "spoiler_text": "",
                "visibility": "public", "language": "en", "uri": address, "url": f"{self.native_account(account)}/{own}", "replies_count": replies // 4,
                "reblogs_count": shares // 2, "favourites_count": likes // 4, "edited_at": None, "content": f"<p>{self.words(post)} {links}</p>",
                "reblog": None, "account": self.mastodon_account(account, int(self.world.posts.seconds[post]) / DAY), "media_attachments": [],
                "mentions": mentions, "tags": [{"name": tag, "url": f"https://{server}/tags/{tag}"} for tag in tags],
                "emojis": [], "card": None, "poll": None}  # fmt: skip

    # ---- YouTube ----------------------------------------------------------------------------------------------------

    def youtube_id(self, post: int) -> str:
        """Video id, or comment id where the post has a parent."""
        return (
            _text_id(_BASE64, 11, self.world.seed, "video", post)
            if self.parent(post) < 0
            else "Ug" + _text_id(_BASE64, 24, self.world.seed, "comment", post)
        )

    def youtube(self, post: int) -> Payload:
        """A video resource, or a comment thread where the post has a parent."""
        account, parent, own = self.account_of(post), self.parent(post), self.youtube_id(post)
        channel, title, likes = self.native_account(account), self.handle(account).title(), self.engagement(post)[0]
        if parent >= 0:
            snippet = {"videoId": self.youtube_id(parent), "textDisplay": self.text(post), "textOriginal": self.text(post), "authorDisplayName": title,
                       "authorChannelUrl": f"http://www.youtube.com/channel/{channel}", "authorChannelId": {"value": channel}, "canRate": True,
                       "viewerRating": "none", "likeCount": likes // 50, "publishedAt": self.iso(post), "updatedAt": self.iso(post)}  # fmt: skip
            owner = self.native_account(self.account_of(parent))
            return {"kind": "youtube#commentThread", "etag": own[:8], "id": own, "snippet": {
                "channelId": owner, "videoId": self.youtube_id(parent), "canReply": True, "totalReplyCount": 0, "isPublic": True,
                "topLevelComment": {"kind": "youtube#comment", "etag": own[:8], "id": own, "snippet": {"channelId": owner, **snippet}}}}  # fmt: skip
        return {"kind": "youtube#video", "etag": own, "id": own, "snippet": {
            "publishedAt": self.iso(post), "channelId": channel, "title": self.words(post), "description": self.text(post), "channelTitle": title,
            "tags": self.tags(post), "categoryId": "26", "liveBroadcastContent": "none", "defaultAudioLanguage": "en"},
            "contentDetails": {"duration": f"PT{2 + post % 14}M{post % 60}S", "dimension": "2d", "definition": "hd", "caption": "false"},
            "statistics": {"viewCount": str(likes * 22), "likeCount": str(likes), "commentCount": str(likes // 18)}}  # fmt: skip

    def youtube_channel(self, account: int, day: int) -> Payload:
        """A channel resource."""
        return {"kind": "youtube#channel", "etag": f"c{account}", "id": self.native_account(account), "snippet": {
            "title": self.handle(account).title(), "description": self.biography(account), "customUrl": "@" + self.handle(account),
            "publishedAt": "2021-05-01T09:00:00Z", "country": "GB"}, "statistics": {"viewCount": str(9_000 + account * 31),
            "subscriberCount": str(self.world.accounts.followers(account, day)), "hiddenSubscriberCount": False, "videoCount": str(12 + day)}}  # fmt: skip

    # ---- TikTok and Instagram ---------------------------------------------------------------------------------------

    def tiktok_id(self, post: int) -> str:
        """Numeric video id; its upper half is the Unix time."""
        return str((self.seconds(post) << 32) + post)

    def tiktok_row(self, post: int) -> dict[str, str]:
        """A row of the Apify export."""
        likes, comments, shares = self.engagement(post)
        handle = self.handle(self.account_of(post))
        return {"authorMeta.avatar": f"https://cdn.example/{handle}.jpeg", "authorMeta.name": handle, "authorMeta.fans": str(self.followers_at(post)),
                "text": self.text(post), "diggCount": str(likes), "shareCount": str(shares), "playCount": str(likes * 15), "commentCount": str(comments),
                "collectCount": str(likes // 12), "videoMeta.duration": str(8 + post % 80), "musicMeta.musicName": "original sound",
                "musicMeta.musicAuthor": handle.title(), "musicMeta.musicOriginal": "true", "createTimeISO": self.iso(post),
                "webVideoUrl": f"https://www.tiktok.com/@{handle}/video/{self.tiktok_id(post)}"}  # fmt: skip

    def tiktok_item(self, post: int) -> Payload:
        """An item of the web application's JSON."""
        account = self.account_of(post)
        likes, comments, shares = self.engagement(post)
        handle, tags = self.handle(account), self.tags(post)
        return {"id": self.tiktok_id(post), "desc": self.text(post), "createTime": self.seconds(post),
                "video": {"id": self.tiktok_id(post), "height": 1024, "width": 576, "duration": 8 + post % 80},
                "author": {"id": str(6_800_000_000_000_000_000 + account), "uniqueId": handle, "nickname": handle.title(),
                           "signature": self.biography(account), "verified": False, "secret": False},
                "music": {"id": str(6_900_000_000_000_000_000 + account), "title": "original sound", "authorName": handle.title(), "original": True},
                "challenges": [{"id": str(_pick("challenge", tag) >> 4), "title": tag, "desc": ""} for tag in tags],
                "stats": {"diggCount": likes, "shareCount": shares, "commentCount": comments, "playCount": likes * 15},
                "textExtra": [{"hashtagName": tag, "hashtagId": "", "type": 1} for tag in tags],
                "authorStats": {"followingCount": 40 + account % 600, "followerCount": self.followers_at(post), "heartCount": likes * 90,
                                "videoCount": 25 + account % 300, "diggCount": account % 999}, "duetEnabled": True, "isAd": False}  # fmt: skip

    def shortcode(self, post: int) -> str:
        """Instagram shortcode."""
        return "D" + _text_id(_BASE64, 10, self.world.seed, "short", post)

    def instagram(self, post: int) -> Payload:
        """A post of the Apify export."""
        account, code = self.account_of(post), self.shortcode(post)
        likes, comments, _ = self.engagement(post)
        return {"id": str(3_400_000_000_000_000_000 + post), "type": "Image", "shortCode": code, "caption": self.text(post), "hashtags": self.tags(post),
                "mentions": [], "url": f"https://www.instagram.com/p/{code}/", "commentsCount": comments, "firstComment": "", "likesCount": likes,
                "timestamp": self.iso(post), "ownerFullName": self.handle(account).title(), "ownerUsername": self.handle(account),
                "ownerId": str(5_000_000_000 + account), "isSponsored": False}  # fmt: skip

    def instagram_profile(self, account: int, day: int) -> Payload:
        """A profile of the Apify export."""
        return {"id": str(5_000_000_000 + account), "username": self.handle(account), "url": f"https://www.instagram.com/{self.handle(account)}",
                "fullName": self.handle(account).title(), "biography": self.biography(account), "externalUrl": None,
                "followersCount": self.world.accounts.followers(account, day), "followsCount": 90 + account % 800, "postsCount": 40 + day + account % 500,
                "private": False, "verified": False, "isBusinessAccount": False}  # fmt: skip
