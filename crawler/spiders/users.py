"""User profiles: accounts, channels, organizations."""

from crawler.spiders.base import BaseSpider


class UsersSpider(BaseSpider):
    """Collects user profiles."""

    name = "users"
    kinds = frozenset({"user"})
