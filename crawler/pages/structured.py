"""Reads any page by its structured data."""

from crawler.pages.base import Page


class StructuredPage(Page):
    """Any page."""

    site = "schema.org"
