"""Video pages."""

from crawler.spiders.base import BaseSpider


class VideosSpider(BaseSpider):
    """Collects video pages."""

    name = "videos"
    kinds = frozenset({"video"})
