from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawls import ROOT, crawl
from tests.site import Catalogue, Quirks, Site, running_site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(Catalogue.generate(users=6, videos=40), Quirks(rate_limit=False)) as running:
        yield running


class Kim:
    """Who has a video in more than one channel, so that a channel's videos are not all of the account's."""

    def __init__(self, site: Site) -> None:
        users, videos = site.truth.users, site.truth.videos
        channels: dict[str, set[str]] = {}
        for one in videos.values():
            channels.setdefault(str(one["uploader_id"]), set()).add(str(one["channel_id"]))
        self.id = max(sorted(channels), key=lambda one: len(channels[one]))
        self.name = self.id.partition("@")[0]
        self.channel = min(channels[self.id])
        self.channels = {one for one, fields in users.items() if fields.get("owner_id") == self.id}
        self.videos = {one for one, fields in videos.items() if fields["uploader_id"] == self.id}
        self.in_channel = {one for one, fields in videos.items() if fields["channel_id"] == self.channel}
        self.video = min(self.in_channel)
        assert self.video in self.in_channel < self.videos

    def seed(self, site: Site, what: str) -> str:
        channel = self.channel.partition("@")[0]
        paths = {"user": f"/@{self.name}", "channel": f"/c/{channel}/videos", "video": f"/w/{self.video}", "host": ""}
        return site.url + paths[what]

    def expected(self, site: Site, words: str) -> set[str]:
        sets = {
            "user": {self.id},
            "channel": {self.channel},
            "channels": self.channels,
            "video": {self.video},
            "user's videos": self.videos,
            "channel's videos": self.in_channel,
            "all users": set(site.truth.users),
            "all videos": set(site.truth.videos),
        }
        return set().union(*(sets[word] for word in words.split(", ")))


def rows_of_the_page() -> list[tuple[str, ...]]:
    """The table of docs/following.md: what is the seed, the scope, the records that are asked for, those that come."""
    page = (ROOT / "docs" / "following.md").read_text("utf-8")
    lines = page.partition("## A PeerTube instance")[2].partition("\n## ")[0].splitlines()
    rows = [tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]
    return rows[2:]


def test_the_page_has_a_row_for_each_kind_of_seed_scope_and_records() -> None:
    seeds = {(seed, scope) for seed, scope, *_ in rows_of_the_page()}
    assert seeds == {(seed, scope) for seed in ("user", "channel", "video", "host") for scope in ("seed", "host")}
    assert {records for _, _, records, _ in rows_of_the_page()} == {"user", "video", "user,video"}


@pytest.mark.parametrize("row", rows_of_the_page(), ids=" ".join)
def test_a_seed_leads_to_what_the_table_says(tmp_path: Path, site: Site, row: tuple[str, ...]) -> None:
    seed, scope, records, expected = row
    kim = Kim(site)
    ended = crawl("users", tmp_path, f"url={kim.seed(site, seed)}", f"scope={scope}", f"records={records}")
    assert {record["id"] for record in ended.records} == kim.expected(site, expected), ended.log
    assert len(ended.records) == len({record["id"] for record in ended.records})
