"""Any page by its structured data, whichever site it is of."""

from __future__ import annotations

from crawler.pages.structured.page import StructuredPage

__all__ = ["StructuredPage"]
