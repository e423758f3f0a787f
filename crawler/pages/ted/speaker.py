"""The page of a speaker."""

from __future__ import annotations

import re

from crawler.pages.paths import path_in
from crawler.pages.structured import StructuredUserPage
from crawler.pages.ted import urls

SITES_OWN = re.compile(r"\s*[|:-]\s*(?:TED )?Speakers?(?:\s*[|:-].*)?$|\s*\|\s*TED.*$")
"""What the site adds to a speaker's name."""


class Speaker(StructuredUserPage):
    """A speaker, where structured data tells of them."""

    site = urls.SITE
    platform = urls.SITE
    hosts = (urls.HOME,)
    path = urls.SPEAKER_PATH
    examples = ("https://www.ted.com/speakers/ada_kite",)

    def id(self) -> str:
        """Return the speaker's name in addresses."""
        return urls.speaker_of(path_in(self.url)) or ""

    def canonical_url(self) -> str:
        """Return the speaker's address."""
        return urls.speaker_url(self.id())

    def name(self) -> str | None:
        """Return the name, without the site's own words."""
        return SITES_OWN.sub("", self.structured.name or "") or self.structured.name
