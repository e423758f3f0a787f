"""TED: talks, their speakers, playlists and series, and what its oEmbed service answers."""

from __future__ import annotations

from crawler.pages.base import Site
from crawler.pages.ted import urls

PLATFORM = Site(urls.SITE, (*urls.HOSTS, *urls.PLAYER_HOSTS), urls.start_link)
