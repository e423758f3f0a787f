"""Pages as extractors of yt-dlp tell them."""

from __future__ import annotations

from crawler.pages.ytdlp.judged import JudgedPage
from crawler.pages.ytdlp.page import GENERIC, LISTS, InfoPage

__all__ = ["GENERIC", "LISTS", "InfoPage", "JudgedPage"]
