"""Spiders of other projects, each run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parent.parent
DEADLINE_S = 120
FRONTIER = {"ADDONS": {"crawler.frontier.addon.FrontierAddon": 0}}
"""The setting that has a project use this frontier."""
HEAD = """
import sys
import orjson
from scrapy import Request, Spider, signals
from scrapy.crawler import CrawlerProcess


class Own(Spider):
    name = "own"
    handle_httpstatus_list = [404]

"""
FOOT = """

process = CrawlerProcess(orjson.loads(sys.argv[1]))
process.crawl(Own, urls=sys.argv[2:])
process.start()
"""


def run_spider(body: str, *urls: str, **settings: Any) -> str:
    """Run a spider whose class has `body`; return its log.

    Args:
        body: lines of the class, indented by four.
        urls: what it finds as `self.urls`.
        settings: Scrapy's.
    """
    usual = {"ROBOTSTXT_OBEY": True, "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}
    command = [sys.executable, "-W", "error", "-c", HEAD + body + FOOT, orjson.dumps(usual | settings).decode(), *urls]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)  # noqa: S603
    return done.stderr
