"""Any page by its structured data, whichever site it is of."""

from __future__ import annotations

from crawler.pages.structured.page import StructuredPage
from crawler.pages.structured.site import StructuredUserPage, StructuredVideoPage

__all__ = ["StructuredPage", "StructuredUserPage", "StructuredVideoPage"]
