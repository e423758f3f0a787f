"""CPU of reading a page's structured data: this project's reader beside a bare lxml parse and extruct alone.

extruct reads the same three syntaxes (JSON-LD, microdata, OpenGraph) and makes no record of them; ours makes one, and
its links are not asked for. All three begin with the bytes of the body. They take turns on each page, and a ratio is
one of the same turn. Without `--pages` the pages are made up: the markup of a video's page and the bulk of scripts
with state and of lists of other videos that real ones carry.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import extruct
from lxml import html  # type: ignore[import-untyped]

from benchmarks.report import cpu_ms, machine, parser, progress, say, spread, table
from crawler.errors import NotARecord
from crawler.pages.base import Response
from crawler.pages.structured import StructuredPage
from tests.mutations import recordings

SYNTAXES = ["json-ld", "microdata", "opengraph"]
URL = "https://site.example/watch/7"
SIZES = (500_000, 1_500_000)
SCRIPTS_SHARE = 0.8
"""Of a page's bytes, those of its scripts: 60 to 95 % on pages of 0.5 MB and more."""
VIDEO = {
    "@context": "https://schema.org",
    "@type": "VideoObject",
    "name": "Boats on the canal",
    "description": "Two days on the water. " * 20,
    "thumbnailUrl": ["https://img.site.example/7.jpg"],
    "uploadDate": "2026-01-02T03:04:05Z",
    "duration": "PT3661S",
    "url": URL,
    "interactionStatistic": {"@type": "InteractionCounter", "userInteractionCount": 1234},
}
METAS = {"og:type": "video.other", "og:title": "Boats on the canal", "og:url": URL, "og:site_name": "Site"}
CARD = (
    '<div class="card" id="card-{0}"><a class="thumb" href="/watch/{0}"><img src="https://img.site.example/{0}.jpg" '
    'alt="" loading="lazy"></a><h3><a href="/watch/{0}">Another video, number {0}</a></h3><p class="meta"><span>{0} '
    'views</span> <time>2 days ago</time></p><svg viewBox="0 0 24 24"><path d="M0 0h24v24H0z"></path></svg></div>'
)
STATE = {"id": "0a1b2c3d", "title": "Another video", "text": {"runs": [{"text": "x" * 40}]}, "thumbnails": [1, 2, 3]}


def page(size: int) -> bytes:
    """Return a video's page of about `size` bytes."""
    state = json.dumps([STATE] * int(size * SCRIPTS_SHARE / len(json.dumps(STATE)) / 2))
    cards = "".join(CARD.format(number) for number in range(int(size * (1 - SCRIPTS_SHARE) / len(CARD))))
    metas = "".join(f'<meta property="{name}" content="{value}">' for name, value in METAS.items())
    item = (
        f'<div itemscope itemtype="http://schema.org/VideoObject"><link itemprop="url" href="{URL}">'
        '<meta itemprop="name" content="Boats on the canal"><meta itemprop="duration" content="PT61M1S">'
        '<span itemprop="author" itemscope itemtype="http://schema.org/Person"><link itemprop="url" href="/@alice">'
        '<link itemprop="name" content="Alice"></span></div>'
    )
    jsonld = f'<script type="application/ld+json">{json.dumps(VIDEO)}</script>'
    scripts = f"<script>var a = {state};</script>"
    head = f'<title>Boats on the canal - Site</title><link rel="canonical" href="{URL}">{metas}{jsonld}'
    return (
        f"<!doctype html><html lang=en><head>{head}</head><body>{item}{scripts}{cards}{scripts}</body></html>".encode()
    )


def ours(body: bytes, url: str) -> None:
    """Read the record of a page."""
    reader = StructuredPage(Response(url, body, headers={"content-type": "text/html; charset=utf-8"}))
    try:
        list(reader.records())
    except NotARecord:
        return


def by_extruct(body: bytes, url: str) -> None:
    """Read three syntaxes of a page."""
    extruct.extract(body.decode("utf-8", errors="replace"), base_url=url, syntaxes=SYNTAXES, errors="ignore")


def by_lxml(body: bytes, url: str) -> None:  # noqa: ARG001 - as the others are called
    """Parse a page, and do nothing with it."""
    html.document_fromstring(body)


def pages_of(folder: Path | None, smallest: int) -> dict[str, tuple[bytes, str]]:
    """Return body and address of the pages to read, by name.

    Args:
        folder: with `INDEX.jsonl`, whose lines name `path`, `url` and `content_type`; None for made-up pages.
        smallest: bytes that a page of the folder has at least.
    """
    if folder is None:
        return {f"made up, {size / 1e6:.1f} MB": (page(size), URL) for size in SIZES}
    pages = {one.name: one.response for one in recordings(folder) if "html" in one.response.headers["content-type"]}
    return {name: (page.body, page.url) for name, page in pages.items() if len(page.body) >= smallest}


def main() -> None:
    """Measure, and print a table."""
    command = parser("structured", __doc__)
    command.add_argument("--pages", type=Path, metavar="DIR", help="real pages, named in DIR/INDEX.jsonl")
    command.add_argument("--smallest", type=int, default=300_000, metavar="BYTES", help="of those (%(default)s)")
    command.add_argument("--rounds", type=int, default=21, help="(%(default)s)")
    options = command.parse_args()
    readers = {"lxml": by_lxml, "extruct": by_extruct, "structured": ours}
    rows = []
    for name, (body, url) in pages_of(options.pages, options.smallest).items():
        found: dict[str, list[float]] = {reader: [] for reader in readers}
        for turn in range(options.rounds + 1):
            for reader, read in readers.items():
                took = cpu_ms(read, body, url)
                if turn:  # the first warms up
                    found[reader].append(took)
        ratios = [own / other for own, other in zip(found["structured"], found["extruct"], strict=True)]
        rows.append((name, f"{len(body) / 1e6:.2f}", *(spread(found[reader]) for reader in readers), spread(ratios)))
        progress(f"{name}: {median(ratios):.2f}")
    table(("page", "MB", "lxml, ms", "extruct, ms", "structured, ms", "structured / extruct"), rows)
    say(f"\nCPU of one reading, {options.rounds} rounds, median (least to most); {machine()}")


if __name__ == "__main__":
    main()
