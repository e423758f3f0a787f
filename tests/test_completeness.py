from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from tests.commands import run
from tests.crawls import crawl
from tests.site import Catalogue, Quirks, Site, running_site


def busiest(site: Site) -> str:
    return Counter(str(fields["uploader_id"]) for fields in site.truth.videos.values()).most_common(1)[0][0]


def listings(folder: Path) -> dict[str, dict[str, Any]]:
    told = json.loads(run("status", "videos", "--json", "-s", f"STORE_DIR={folder / 'store'}").stdout)
    return {one["name"]: one for one in told["crawls"][0]["listings"]}


def test_a_listing_that_declares_more_than_it_has_is_incomplete_by_the_difference(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=4, videos=30), Quirks(rate_limit=False, overstated=7)) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}")
        owned = Counter(str(fields["uploader_id"]) for fields in site.truth.videos.values())
    assert {one["id"] for one in ended.records} == set(site.truth.videos)
    assert f"videos of {site.host}: 30 declared, 30 listed, 30 found" in ended.log
    for user, number in owned.items():
        assert (
            f"videos of {user}: {number + 7} declared, {number} listed, {number} found, 0 refused, 0 failed"
            in ended.log
        )
        assert listings(tmp_path)[f"videos of {user}"]["missing"] == 7
    assert "of 4 listings of single users are complete" in ended.log


def test_a_video_that_is_removed_while_it_is_listed_is_missing_by_name(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=1, videos=12), Quirks(rate_limit=False, hide=1)) as site:
        kim = busiest(site)
        ended = crawl("videos", tmp_path, f"url={site.url}/@{kim.partition('@')[0]}")
        (gone,) = site.hidden
    line = f"videos of {kim}: 12 declared, 12 listed, 11 found, 1 refused, 0 failed (91.6 %); missing: {gone}"
    assert line in ended.log
    told = listings(tmp_path)[f"videos of {kim}"]
    numbers = ("declared", "listed", "found", "refused", "missing", "missing_ids")
    assert [told[name] for name in numbers] == [12, 12, 11, 1, 1, [gone]]


def test_of_a_limited_crawl_nothing_that_was_left_out_is_missing(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=6, videos=60), Quirks(rate_limit=False)) as site:
        ended = crawl("videos", tmp_path, f"url={site.url}", "max_per_user=4")
    told = listings(tmp_path)
    assert {one["missing"] for one in told.values()} == {0}
    assert {one["max_per_user"] for one in told.values()} == {4}
    whole = told[f"videos of {site.host}"]
    assert (whole["declared"], whole["found"], whole["share"]) == (60, len(ended.records), 1.0)
    assert max(one["found"] for name, one in told.items() if "@" in name) == 4
    assert re.search(r"(\d+) of \1 \(limited to 4 per user; 60 declared\)", ended.log)


def test_a_limited_listing_that_declares_too_much_lacks_no_more_than_the_limit(tmp_path: Path) -> None:
    with running_site(Catalogue.generate(users=1, videos=3), Quirks(rate_limit=False, overstated=50)) as site:
        kim = busiest(site)
        ended = crawl("videos", tmp_path, f"url={site.url}", "max_per_user=5")
    assert f"videos of {kim}: 3 of 5 (limited to 5 per user; 53 declared)" in ended.log
    assert listings(tmp_path)[f"videos of {kim}"]["missing"] == 2
