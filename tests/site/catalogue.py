"""Generates a catalogue of any size from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from tests.site.model import CATEGORIES, LANGUAGES, LICENCES, Account, Channel, Fate, File, Image, Share, Video
from tests.site.words import TAGS, Writer

START = datetime(2021, 3, 1, 9, tzinfo=UTC)
REMOTE_HOST = "remote.example"
BIG_ACCOUNTS = (130, 110)
"""Videos of the first accounts, where there are enough: more than one page of a listing."""
NSFW_SHARE = 0.08
EXTRA: dict[Fate, int] = {
    "upcoming": 2,
    "unlisted": 2,
    "blocked": 4,
    "private": 2,
    "internal": 1,
    "password": 2,
    "deleted": 3,
}
"""Local videos that no list shows, on top of the number asked for."""


@dataclass(slots=True)
class Catalogue:
    """All that a site holds.

    Attributes:
        seed: what it was generated from.
        remote_host: where remote accounts live.
        instance_actor: the account that is the server itself, no user.
        accounts: local accounts, then remote ones.
        channels: local channels, then remote ones.
        videos: all videos, oldest first.
        shares: announcements.
    """

    seed: int
    remote_host: str
    instance_actor: Account
    accounts: list[Account]
    channels: list[Channel]
    videos: list[Video]
    shares: list[Share]

    @classmethod
    def generate(  # noqa: PLR0913 - all but the first three are rare and named
        cls,
        users: int = 60,
        videos: int = 400,
        seed: int = 1,
        *,
        hidden: int | None = None,
        remote: int = 8,
        remote_host: str = REMOTE_HOST,
    ) -> Catalogue:
        """Generate a catalogue.

        Args:
            users: local accounts, hidden ones included.
            videos: local videos that lists show; those that no list shows come on top.
            seed: equal seeds give equal catalogues.
            hidden: accounts that `/api/v1/accounts` leaves out; None is one of 20.
            remote: videos of another host in the lists.
            remote_host: that host; with a port it is taken to speak plain http.
        """
        if users < 1:
            msg = f"users ({users}) must be at least 1: every video belongs to an account."
            raise ValueError(msg)
        maker = Maker(seed)
        instance_actor = maker.account("peertube", None)
        accounts = [maker.account(f"user{n:03d}", None) for n in range(users)]
        for account in accounts[users - (users // 20 if hidden is None else hidden) :]:
            account.hidden = True
        strangers = [maker.account(f"stranger{n}", remote_host) for n in range(3)]
        channels = [channel for account in accounts for channel in maker.channels(account)]
        remote_channels = [maker.channel(account, "main") for account in strangers]
        plan = maker.plan(accounts, videos)
        made = maker.videos(
            plan + [(maker.random.choice(strangers), "listed") for _ in range(remote)], channels + remote_channels
        )
        listed = [video for video in made if video.fate == "listed"]
        shares = [Share(maker.random.choice(accounts), video) for video in listed[:3]]
        shares += [Share(instance_actor, video) for video in listed[:2]]
        return cls(seed, remote_host, instance_actor, accounts + strangers, channels + remote_channels, made, shares)

    @property
    def local_accounts(self) -> list[Account]:
        return [account for account in self.accounts if account.host is None]

    @property
    def local_channels(self) -> list[Channel]:
        return [channel for channel in self.channels if channel.host is None]

    @property
    def listed_videos(self) -> list[Video]:
        """Videos that lists show, remote ones included."""
        return [video for video in self.videos if video.fate == "listed"]


class Maker:
    """Makes the parts of a catalogue, each from the next random numbers."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - sample data, no secret
        self.write = Writer(self.random)
        self.ids = count(1)
        self.video_ids = count(1)

    def time(self, start: datetime, *, days: float = 1) -> datetime:
        """A moment in the days after `start`, to the millisecond; one of three on a whole second."""
        moment = start + timedelta(milliseconds=self.random.randint(1, int(days * 86_400_000)))
        return moment.replace(microsecond=0) if self.random.random() < 1 / 3 else moment

    def images(self, *widths: int) -> tuple[Image, ...]:
        """The sizes of one picture, in no order; none for half of the actors."""
        if self.random.random() < 0.5:
            return ()
        return tuple(Image(width, self.write.uuid()) for width in self.random.sample(widths, len(widths)))

    def account(self, name: str, host: str | None) -> Account:
        number = next(self.ids)
        created = self.time(START + timedelta(minutes=number))
        plain = name == "peertube"
        return Account(
            id=number,
            name=name,
            host=host,
            display_name=name if plain else self.write.person(number - 2),
            description=None if plain else self.write.about(),
            created=created,
            updated=self.time(created),
            followers=0 if plain else self.random.choice((0, 0, 3, 87, 1205)),
            following=self.random.randint(0, 15),
            avatars=() if plain else self.images(1500, 600, 120, 48),
        )

    def channels(self, account: Account) -> list[Channel]:
        return [
            self.channel(account, suffix)
            for suffix in ("main", "second", "third")[: self.random.choice((1, 1, 1, 2, 3))]
        ]

    def channel(self, account: Account, suffix: str) -> Channel:
        created = self.time(account.created)
        return Channel(
            id=next(self.ids),
            name=f"{account.name}_{suffix}",
            host=account.host,
            display_name=f"{account.name}_{suffix}" if self.random.random() < 0.5 else f"{account.display_name} TV",
            description=self.write.about(),
            created=created,
            updated=self.time(created),
            followers=self.random.choice((0, 5, 205, 40_312)),
            following=0,
            avatars=self.images(600, 120, 48),
            owner=account,
            banners=self.images(1920, 600),
            support=self.random.choice((None, "Thanks! https://example.org/support")),
        )

    def plan(self, accounts: list[Account], videos: int) -> list[tuple[Account, Fate]]:
        """Deal the local videos out: a few accounts have many, a tenth has none, hidden ones have muted videos."""
        shown = [account for account in accounts if not account.hidden] or accounts[:1]
        listed: list[tuple[Account, Fate]] = []
        for account, most, share in zip(shown, BIG_ACCOUNTS, (0.33, 0.28), strict=False):
            listed += [(account, "listed")] * min(most, int(videos * share))
        others = shown[len(BIG_ACCOUNTS) : -max(1, len(shown) // 10)] or shown
        weights = [1 / (rank + 1) ** 0.7 for rank in range(len(others))]
        listed += [(account, "listed") for account in self.random.choices(others, weights, k=videos - len(listed))]
        extra = [(self.random.choice(shown), fate) for fate, number in EXTRA.items() for _ in range(number)]
        muted: list[tuple[Account, Fate]] = [
            (account, "muted") for account in accounts if account.hidden for _ in range(2)
        ]
        return listed + extra + muted

    def videos(self, plan: list[tuple[Account, Fate]], channels: list[Channel]) -> list[Video]:
        """Make the planned videos, in random order, oldest first; now and then two at the same moment."""
        homes: dict[int, list[Channel]] = {}
        for channel in channels:
            homes.setdefault(channel.owner.id, []).append(channel)
        self.random.shuffle(plan)
        moment, made, title = START + timedelta(days=30), [], self.write.title()
        for number, (account, fate) in enumerate(plan):
            moment += timedelta(seconds=0 if number % 10 == 3 else self.random.randint(1, 7200))
            title = title if number % 12 == 5 else self.write.title()
            made.append(self.video(title, self.random.choice(homes[account.id]), fate, moment))
        return made

    def video(self, title: str, channel: Channel, fate: Fate, created: datetime) -> Video:
        some, published = self.random, self.time(created)
        live = fate == "upcoming" or (fate == "listed" and some.random() < 0.01)
        return Video(
            id=next(self.video_ids),
            uuid=self.write.uuid(),
            name=title,
            description=self.write.description(),
            channel=channel,
            created=created,
            published=published,
            updated=self.time(published),
            originally=some.choice((None, None, None, self.time(START - timedelta(days=2000), days=1500))),
            duration=0 if live else some.choice((1, 59, 60, 754, 3600, 9880)),
            views=int(some.paretovariate(0.7)) % 1_000_000,
            likes=some.randint(0, 40),
            dislikes=some.randint(0, 4),
            category=some.choice((None, *CATEGORIES)),
            licence=some.choice((None, *LICENCES)),
            language=some.choice((None, *LANGUAGES)),
            nsfw=some.random() < NSFW_SHARE,
            tags=tuple(sorted(some.sample(TAGS, some.choice((0, 0, 1, 3, 5))))),
            files=() if live else self.files(),
            picture=self.write.uuid(),
            fate=fate,
            is_live=live,
        )

    def files(self) -> tuple[File, ...]:
        heights = self.random.sample((180, 360, 720, 1080), self.random.choice((1, 2, 4)))
        return tuple(File(h, h * 16 // 9, h * 1000 + self.random.randint(0, 999), self.write.uuid()) for h in heights)
