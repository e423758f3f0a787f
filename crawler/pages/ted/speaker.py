"""The page of a speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from crawler.items import Record, User
from crawler.pages.base import Page
from crawler.pages.structured.known import own_record
from crawler.pages.ted import urls

SITES_OWN = re.compile(r"\s*(?:[|:-]\s*)(?:TED )?Speakers?(?:\s*[|:-].*)?$|\s*\|\s*TED.*$")
"""What the site adds to a speaker's name."""


class Speaker(Page):
    """A speaker, where structured data tells of them."""

    site = urls.SITE
    platform = urls.SITE
    hosts = ("ted.com",)
    path = urls.SPEAKER_PATH
    examples = ("https://www.ted.com/speakers/ada_kite",)
    source = "structured data"

    def records(self) -> Iterator[Record]:
        """Yield the speaker.

        Raises:
            NotARecord: the page tells of none.
        """
        found = own_record(self.response, User)
        slug = urlsplit(self.url).path.rstrip("/").rpartition("/")[2]
        name = SITES_OWN.sub("", found.name or "") or found.name
        yield replace(found, site=self.site, id=slug, url=urls.speaker_url(slug), name=name, username=None)
