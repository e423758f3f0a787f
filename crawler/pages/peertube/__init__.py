"""PeerTube, versions 4 to 8, on any host: read through its REST API and its ActivityPub outboxes."""

from __future__ import annotations

from crawler.pages.base import Link, Platform, Response
from crawler.pages.peertube.shapes import is_peertube_json
from crawler.pages.peertube.urls import start_links


class PeerTube(Platform):
    """The software; recognised by nodeinfo, by `og:platform` in its HTML, or by the shape of its JSON."""

    name = "peertube"

    def recognises(self, response: Response) -> bool:
        """Tell whether the page says `og:platform` PeerTube, or is JSON that only PeerTube makes."""
        content_type = response.headers.get("content-type", "")
        if "html" not in content_type and not response.body[:200].lstrip().startswith(b"<"):
            return is_peertube_json(response)
        if "html" not in content_type:
            return False
        platform = response.selector.xpath("//meta[@property='og:platform']/@content").get() or ""
        return platform.strip().lower() == self.name

    def start(self, url: str) -> tuple[Link, ...]:
        """Return the API links of what `url` names, in any of the forms that the site's pages use."""
        return start_links(url)


PEERTUBE = PeerTube()
