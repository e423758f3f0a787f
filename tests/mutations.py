"""Makes pages that are nearly true: recordings and fixtures with parts of their JSON and their text exchanged.

Run for long: `python -m tests.mutations --seconds 600 [--recordings DIR]` reads mutants of every fixture, and of every
recording that DIR/INDEX.jsonl names, prints what broke a page class with the seed that makes it again, and exits 1.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from w3lib.url import safe_url_string

from crawler.errors import Exhausted, NotARecord
from crawler.items import ADAPTERS
from crawler.pages import page_for, platform_of
from crawler.pages.base import Page, Response
from tests.golden import FIXTURES, FROZEN, response_of

MOST_WANTED = 5
"""Further responses that a page may want, before it is taken for one that never stops."""
OPENED = re.compile(r"[>=(\"']\s*(?=[{\[])")
"""Before JSON in a page."""
MOST_CHANGES = 4
STRANGE: Sequence[Any] = (
    *(None, True, False, 0, -1, 1.5, 10**30, 1e308, "", " ", "0", "-1", "1.2K", "NaN", "\ud800", "\0", "x" * 5000),
    *([], {}, [[]], [None], {"": None}, {"name": {}}, "null", "https://", "http://[", "//", "/x", "javascript:1"),
    *("2024-02-31", "9999-12-31T23:59:60Z", "0000-00-00", "P", "PT", "PT99999999999999999H", "P1Y", "99:99:99"),
    *("١٢", "1,234,567.8", "5.04만", "한국", "<b>", "&amp;", "{", "[", 2**53 + 1, float("inf")),
)
"""What no site says where something else is expected."""


@dataclass(frozen=True, slots=True)
class Original:
    """A page as it is, with the software that its host is known to run."""

    name: str
    response: Response
    platform: str | None


def fixtures() -> Iterator[Original]:
    """Yield every golden fixture."""
    for about in sorted(FIXTURES.glob("*/*/meta.json")):
        meta = json.loads(about.read_text(encoding="utf-8"))
        case = about.parent
        yield Original(case.relative_to(FIXTURES).as_posix(), response_of(case, meta), meta.get("platform"))


def recordings(folder: Path) -> Iterator[Original]:
    """Yield the recordings that a folder's INDEX.jsonl names."""
    for line in (folder / "INDEX.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        headers = {"content-type": row.get("content_type", "")}
        body = (folder / row["path"]).read_bytes()
        url = row.get("url") or f"https://{row['platform']}.example/"
        response = Response(url, body, row.get("status", 200), headers, FROZEN)
        yield Original(row["path"], response, platform_of(response))


def mutant(original: Original, rng: random.Random) -> Original:
    """Return a page of the same address with some of its JSON, or of its bytes, exchanged."""
    body = original.response.body
    for _ in range(rng.randint(1, MOST_CHANGES)):
        body = (changed_json if rng.random() < 0.8 else changed_bytes)(body, rng)
    return replace(original, response=replace(original.response, body=body))


def changed_json(body: bytes, rng: random.Random) -> bytes:
    """Change one of the JSON values that a body is or holds; where it holds none, some bytes."""
    text = body.decode("utf-8", errors="replace")
    found = [(0, len(text), value) for value in [parsed(text)] if value is not None] or list(embedded(text))
    if not found:
        return changed_bytes(body, rng)
    start, end, value = rng.choice(found)
    changed = changed_value(value, rng)
    return (text[:start] + json.dumps(changed) + text[end:]).encode("utf-8", errors="surrogatepass")


def parsed(text: str) -> Any:
    """Return a text as JSON, None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def embedded(text: str) -> Iterator[tuple[int, int, Any]]:
    """Yield start, end and value of each JSON object or array in a page."""
    decoder, at = json.JSONDecoder(), 0
    while found := OPENED.search(text, at):
        at = found.end()
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if value:
            yield at, end, value
        at = end


def changed_value(value: Any, rng: random.Random) -> Any:
    """Return a JSON value with one of its parts exchanged, left out, doubled or wrapped."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.05:
        return rng.choice([*STRANGE, [value], {"value": value}, str(value)])
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    if rng.random() < 0.1:
        del copied[key]
    elif rng.random() < 0.05 and isinstance(copied, list):
        copied.insert(key, copied[key])
    elif rng.random() < 0.05:
        copied[key] = value[rng.choice(keys)]
    else:
        copied[key] = changed_value(value[key], rng)
    return copied


def changed_bytes(body: bytes, rng: random.Random) -> bytes:
    """Return a body with a stretch cut out, doubled or overwritten."""
    start = rng.randint(0, len(body))
    stretch = body[start : start + rng.choice([1, 4, 30, 400, 10_000])]
    put = rng.choice(
        [b"", stretch * 2, rng.randbytes(len(stretch[:40])), b"<", b'"', b"</script>", b"\x00", b"\xff\xfe"]
    )
    return body[:start] + put + body[start + len(stretch) :]


def read(original: Original) -> str:
    """Read all that a page class tells of a page; return how that ended: `record`, `no record`, or the reason.

    Whatever else a page raises is the fault that this is for.
    """
    page = page_for(original.response, original.platform)
    try:
        ended = read_whole(page)
    except (NotARecord, Exhausted) as refusal:
        return refusal.reason
    return ended


def read_whole(page: Page) -> str:
    """Read a page as a spider does, with nothing of what it wants answered."""
    for _ in range(MOST_WANTED):
        if page.wants() is None:
            break
        page.add(None)
    else:
        raise AssertionError(f"{type(page).__name__} of {page.url} wants ever more")
    records, links = list(page.records()), list(page.links())
    list(page.refusals()), dict(page.totals()), page.total()
    if page.listing() is not None:
        list(page.members())
    for link in links:
        assert urlsplit(safe_url_string(link.url)).scheme in {"http", "https"}, link.url
    for record in records:
        assert all(isinstance(source, str) for source in page.sources(record).values())
        try:
            ADAPTERS[type(record)].validate_python(asdict(record))
        except ValidationError:
            return "invalid"
    return "record" if records else "no record"


def main(argv: list[str] | None = None) -> int:
    """Read mutants for as long as asked; print what broke, and how the others ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description="Read pages that are nearly true.")
    parser.add_argument("--seconds", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="first seed (default: 1)")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="read mutants of DIR/INDEX.jsonl's pages, too")
    parser.add_argument("--only", default="", metavar="TEXT", help="only pages with TEXT in their name")
    asked = parser.parse_args(argv)
    originals = [*fixtures(), *(recordings(asked.recordings) if asked.recordings else ())]
    originals = [original for original in originals if asked.only in original.name]
    until = time.monotonic() + asked.seconds
    ended, broken = run(originals, asked.seed, lambda: time.monotonic() < until)
    told = ", ".join(f"{reason} {count:,}" for reason, count in ended.most_common())
    sys.stdout.write(f"{ended.total():,} mutants of {len(originals)} pages: {told or 'none'}; broken {broken}\n")
    return 1 if broken or not ended else 0


def run(originals: Sequence[Original], seed: int, goes_on: Callable[[], bool]) -> tuple[Counter[str], int]:
    """Read one mutant of each page in turn, at least once; return how they ended, and how many broke."""
    ended: Counter[str] = Counter()
    broken = 0
    while True:
        for original in originals:
            try:
                ended[read(mutant(original, random.Random(f"{seed} {original.name}")))] += 1  # noqa: S311 - no secret
            except Exception:  # noqa: BLE001 - that is what is looked for
                broken += 1
                sys.stdout.write(f"seed {seed}, {original.name}:\n{traceback.format_exc(limit=-3)}\n")
        seed += 1
        if not goes_on():
            return ended, broken


if __name__ == "__main__":
    sys.exit(main())
