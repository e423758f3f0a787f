"""A small project as scrapy-redis has them, with the settings and the code that docs/from-scrapy-redis.md shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis

from tests.crawls import lines
from tests.faults.site import FaultSite

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "from-scrapy-redis.md").read_text("utf-8")
SETTINGS, OLD_QUEUE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
DEADLINE_S = 120
POLL_S = 0.02
WARNINGS = (
    "error",
    "ignore:RedisPipeline.process_item()",
    "ignore:scrapy_redis.pipelines.RedisPipeline.process_item",
    "ignore:Call to '__init__' function with deprecated usage of input argument/s 'retry_on_timeout'",
    "ignore:The RANDOMIZE_DOWNLOAD_DELAY setting is deprecated",
)
"""What scrapy-redis itself does, or a project of its time sets, is deprecated in part."""

SPIDERS = """
import json

from scrapy import Request, Spider
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import Rule
from scrapy_redis.spiders import RedisCrawlSpider, RedisSpider


class Books(RedisSpider):
    name = "books"

    def parse(self, response):
        yield {
            "url": response.url,
            "shelf": response.meta.get("shelf"),
            "method": response.request.method,
            "body": response.request.body.decode(),
        }
        for link in response.css("a::attr(href)").getall():
            yield response.follow(link)


class Elsewhere(Books):
    name = "elsewhere"
    redis_key = "seeds:of:%(name)s"


class Crawling(RedisCrawlSpider):
    name = "crawling"
    rules = (Rule(LinkExtractor(), callback="page", follow=True),)

    def page(self, response):
        yield {"url": response.url}


class OwnSeeds(Books):
    name = "own_seeds"

    def make_request_from_data(self, data):
        first, *numbers = json.loads(data)["numbers"]
        if not numbers:
            return None
        return [Request(f"{first}/v/{number}", meta={"shelf": str(number)}) for number in numbers]


class Unfit(Books):
    name = "unfit"

    def parse(self, response):
        yield Request(response.urljoin("/v/1"), callback=lambda _: None)
        yield Request("file:///etc/passwd")
        yield from super().parse(response)


class Fingerprinter:
    def fingerprint(self, request):
        return request.url.partition("?")[0].encode()


class Moving(OldQueue, Books):
    name = "moving"
"""


@dataclass
class Project:
    """A project of somebody else.

    Attributes:
        folder: where its scrapy.cfg is.
        client: of its Redis.
        site: what it crawls.
        settings: what each of its instances is started with.
    """

    folder: Path
    client: Redis
    site: FaultSite
    settings: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def make(self) -> None:
        """Write its files."""
        package = self.folder / "shop"
        package.mkdir()
        (self.folder / "scrapy.cfg").write_text("[settings]\ndefault = shop.settings\n")
        (self.folder / "crawler").symlink_to(ROOT / "crawler")
        (package / "__init__.py").touch()
        (package / "settings.py").write_text(f'SPIDER_MODULES = ["shop.spiders"]\nROBOTSTXT_OBEY = True\n{SETTINGS}')
        (package / "spiders.py").write_text(OLD_QUEUE + SPIDERS)

    def seed(self, path: str, key: str = "books:start_urls", **more: Any) -> None:
        """Push a seed to a list."""
        self.client.rpush(key, self.message(path, **more))

    def message(self, path: str, **more: Any) -> str:
        """Return a seed in scrapy-redis' JSON form."""
        return json.dumps({"url": self.site.url + path, **more})

    def start(
        self,
        spider: str = "books",
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start an instance."""
        command = [sys.executable, *(word for rule in WARNINGS for word in ("-W", rule))]
        command += ["-m", "scrapy", "crawl", spider, "-o", "items.jsonl"]
        for name, value in (self.settings | dict(settings or {})).items():
            command += ["-s", f"{name}={value}"]
        process = subprocess.Popen(  # noqa: S603 - our own words
            command,
            cwd=self.folder,
            env={**os.environ, "SCRAPY_SETTINGS_MODULE": "shop.settings", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def run(self, spider: str = "books", settings: Mapping[str, str] | None = None, code: int = 0) -> str:
        """Run an instance to its end; return its log."""
        return self.end(self.start(spider, settings), code)

    def end(self, process: subprocess.Popen[str], code: int = 0) -> str:
        """Wait for an instance; return its log."""
        _, log = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == code, log[-3000:]
        return log

    def until(self, happened: Callable[[], object]) -> None:
        """Wait while the instances run."""
        deadline = time.monotonic() + DEADLINE_S
        while not happened():
            assert time.monotonic() < deadline
            assert all(process.poll() is None for process in self.running)
            self.site.until(lambda: False, POLL_S)

    def found(self) -> list[str]:
        """Return the paths of the pages in the feed."""
        return sorted(item["url"].removeprefix(self.site.url) for item in lines(self.folder / "items.jsonl"))
