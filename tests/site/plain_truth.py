"""What a crawl of the plain site must bring home."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.site.catalogue import Catalogue
from tests.site.plain import FORBIDDEN, ODDITIES, Plain
from tests.site.quirks import Quirks
from tests.site.truth import Truth


def plain_truth(catalogue: Catalogue, base: str) -> Truth:
    """The truth of a catalogue that is served as the plain site at `base`: records by their canonical URL."""
    site = Plain(catalogue, Quirks(), base)
    records = site.records
    persons = {
        records.person_url(one): records.person(one, len(site.videos_of[one.name])).fields for one in site.people
    }
    videos = {records.video_url(one): records.video(number, one).fields for number, one in enumerate(site.videos)}
    watch = {
        records.video_url(one): frozenset({records.video_url(one), f"{base}/watch?v={one.short}"})
        for one in site.videos
    }
    return Truth(
        host=urlsplit(base).netloc,
        persons=persons,
        channels={},
        videos=videos,
        listed_persons=frozenset(persons),
        addresses=watch | {url: frozenset({url}) for url in persons},
        forbidden=FORBIDDEN,
        oddities=ODDITIES,
    )
