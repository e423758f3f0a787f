"""From what a user passes to what is crawled first: URLs as arguments, in files, on standard input."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from crawler.errors import SeedError
from crawler.fields import web_url
from crawler.freshness.policy import parse_every
from crawler.words import counted

SCOPES = ("seed", "host", "web")
KINDS = ("user", "video")
ARGUMENTS = ("url", "seeds", "scope", "records", "max_pages", "anew", "every")
"""What the spiders take."""
MOST_DIGITS = 12
MOST_NAMED = 10
"""Lines of a seeds file without any seed that are named; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One thing to begin with.

    Attributes:
        url: absolute URL, with `https` where the user named no scheme.
        guessed: whether the scheme is a guess, so that `http` is tried when nobody answers.
    """

    url: str
    guessed: bool = False


def parse_seed(text: str) -> Seed:
    """Read a URL, or `host/path` without a scheme.

    Raises:
        SeedError: it is no URL of a web page.
    """
    text = given = text.strip()
    if handle := re.fullmatch(r"(?:acct:)?@?([\w.-]+)@([\w.:-]+)", text):
        text = f"{handle[2]}/@{handle[1]}"
    guessed = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", text) is None
    try:
        url = web_url(f"https://{text.removeprefix('//')}" if guessed else text)
        host = urlsplit(url or "").hostname or ""
        _ = urlsplit(url or "").port
        has_user = "@" in urlsplit(url or "").netloc
    except ValueError:
        url, host, has_user = None, "", False
    if has_user and plausible(host):
        raise SeedError(f"A seed with a name or password before its host ({host}) cannot be crawled: pass it without.")
    if not url or not plausible(host):
        raise SeedError(
            f"{given!r} is not a URL that can be crawled: pass one like https://site.example/@user or site.example."
        )
    return Seed(url, guessed)


def plausible(host: str) -> bool:
    """Tell whether `host` can be the name of a web server: an address, localhost, or a name with a dot."""
    if ":" in host or host == "localhost":
        return True
    return re.fullmatch(r"(?=.{3,253}$)[^\s.,;!?/\\@]{1,63}(\.[^\s.,;!?/\\@]{1,63})+\.?", host) is not None


def parse_urls(text: str) -> list[Seed]:
    """Read the argument `url=`: one URL or several, separated by commas or white space."""
    return [
        parse_seed(part)
        for part in re.split(r"\s+|,(?=\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*://|[\w-]+\.))", text)
        if part.strip()
    ]


def read_seeds(source: str) -> Iterator[Seed | SeedError]:
    """Read the argument `seeds=`: a txt, csv or jsonl file, or `-` for standard input.

    Yields:
        Each seed, or for a line that is none an error that names the line; the rest is read on.

    Raises:
        SeedError: the file cannot be read.
    """
    if source == "-":
        yield from parse_lines(sys.stdin, "standard input", Path(source).suffix)
        return
    try:
        with Path(source).open(encoding="utf-8-sig", newline="") as file:
            yield from parse_lines(file, source, Path(source).suffix)
    except (OSError, UnicodeDecodeError) as exc:
        raise SeedError(
            f"The seeds file {source} cannot be read ({exc}): pass a text file of URLs, or - for standard input."
        ) from exc


def parse_lines(file: TextIO, name: str, suffix: str) -> Iterator[Seed | SeedError]:
    """Read lines of a file: URLs, csv rows with a column `url`, or JSON objects with a key `url`."""
    rows = csv_urls(file) if suffix == ".csv" else ((number, line, "") for number, line in enumerate(file, start=1))
    for number, line, hint in rows:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            yield parse_seed(json_url(text) if text.startswith(("{", '"')) else text)
        except SeedError as exc:
            yield SeedError(f"{name}, line {number}: {hint or exc}", text)


def json_url(text: str) -> str:
    """Read the `url` of a JSON object, or a JSON string.

    Raises:
        SeedError: the object has none.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict) and "url" not in value:
        raise SeedError(f'{text:.200} has no key `url`: write it as in {{"url": "https://site.example/@user"}}.')
    url = value.get("url") if isinstance(value, dict) else value
    return url if isinstance(url, str) else text


def csv_urls(file: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Yield line number and URL of each row of a csv file: its column `url`, or the first where no header says so.

    A row that has no such column, or is none, is yielded whole, for its reader to refuse. With the first row comes
    what is wrong if that is a header.
    """
    column: int | None = None
    for number, line in enumerate(file, start=1):
        if line.startswith("#"):
            continue
        try:
            row = next(csv.reader([line], strict=True), [])
        except csv.Error:
            yield number, line, ""
            continue
        hint = ""
        if column is None:
            names = [cell.strip().lower() for cell in row]
            column = names.index("url") if "url" in names else 0
            if "url" in names:
                continue
            hint = f"no column is called url ({', '.join(names)}): call one so, or put the URLs into the first one."
        if any(row):
            yield number, row[column] if column < len(row) else line, hint


def parse_kinds(text: str) -> frozenset[str]:
    """Read the argument `records=`: user, video, or both."""
    kinds = frozenset(part.strip().lower().removesuffix("s") for part in text.split(",") if part.strip())
    if not kinds or not kinds <= set(KINDS):
        raise SeedError(f"records={text} is unknown: pass records=user, records=video, or records=user,video.")
    return kinds


def parse_scope(text: str) -> str:
    """Read the argument `scope=`."""
    if text not in SCOPES:
        raise SeedError(f"scope={text} is unknown: pass scope=seed, scope=host, or scope=web.")
    return text


def parse_max_pages(text: str | int) -> int:
    """Read the argument `max_pages=`, a positive number of pages; 0 for no limit."""
    if not str(text).isdecimal() or len(str(text)) > MOST_DIGITS:
        raise SeedError(f"max_pages={text} is no number of pages: pass a whole number such as max_pages=100.")
    return int(text)


def parse_anew(text: str) -> bool:
    """Read the argument `anew=`, `1` to drop what is left of a crawl.

    Raises:
        SeedError: it is neither that nor `0`: what is meant must not be guessed where something is dropped.
    """
    if text not in {"", "0", "1"}:
        raise SeedError(
            f"anew={text} is unknown: pass anew=1 to begin anew, or leave it out to go on with what is left."
        )
    return text == "1"


def parse_message(data: bytes) -> Seed:
    """Read a seed from Redis: a JSON object with a `url`, as scrapy-redis has it, or a plain URL.

    Raises:
        SeedError: it is neither.
    """
    text = data.decode("utf-8", errors="replace").strip()
    seed = parse_seed(json_url(text) if text.startswith(("{", '"')) else text)
    if seed.guessed:
        raise SeedError(f"{text!r:.200} names no scheme: a seed in Redis needs one, such as {seed.url}.")
    return seed


def check_arguments(arguments: Mapping[str, str]) -> None:
    """Check the arguments of this project's spiders before one starts.

    Raises:
        SeedError: one cannot work, or there is none of that name.
    """
    for name in arguments.keys() - set(ARGUMENTS):
        raise SeedError(f"-a {name}= is unknown: there are {', '.join(ARGUMENTS)}.")
    for name in ("url", "seeds"):
        if name in arguments and not arguments[name].strip():
            raise SeedError(f"-a {name}= is empty, as by a variable of the shell that is not set: leave it out.")
    parse_urls(arguments.get("url", ""))
    if scope := arguments.get("scope"):
        parse_scope(scope)
    if records := arguments.get("records"):
        parse_kinds(records)
    parse_max_pages(arguments.get("max_pages", "0"))
    parse_anew(arguments.get("anew", ""))
    parse_every(arguments.get("every", ""))
    source = arguments.get("seeds", "-")
    if source != "-" and Path(source).is_dir():
        raise SeedError(f"The seeds file {source} is a folder: pass a text file of URLs, or - for standard input.")
    if source != "-" and not Path(source).exists():
        raise SeedError(f"The seeds file {source} does not exist: pass a text file of URLs, or - for standard input.")


def asks_anew(arguments: Mapping[str, str]) -> bool:
    """Tell whether `anew=1` was given."""
    return parse_anew(arguments.get("anew", ""))


def no_seeds(arguments: Mapping[str, str], key: str) -> str | None:
    """Return what to do where the arguments hold no seed that can be used; None where they do.

    What comes through a pipe is not looked at: it can be read once only.

    Args:
        arguments: those of a spider.
        key: where other programs put seeds.
    """
    source, bad = arguments.get("seeds", ""), []
    if parse_urls(arguments.get("url", "")) or (source and not Path(source).is_file()):
        return None
    for seed in read_seeds(source) if source else ():
        if isinstance(seed, Seed):
            return None
        bad.append(str(seed))
    more = [f"… and {len(bad) - MOST_NAMED:,} more lines"] if len(bad) > MOST_NAMED else []
    return "\n".join([*bad[:MOST_NAMED], *more, no_seeds_in(source, len(bad), key)])


def no_seeds_in(source: str, bad: int, key: str) -> str:
    """Return what to do where a file has no seeds but `bad` lines that were refused, or where there is no file."""
    if bad:
        return f"{source} holds no seeds that can be used: {counted(bad, 'line')} refused, see above."
    if source:
        return f"{source} holds no seeds: write one URL a line into it, such as https://site.example/@user."
    return (
        "No seeds, and no interrupted crawl to go on with: pass -a url=https://site.example or -a seeds=FILE "
        f'(- for standard input), or push {{"url": "https://site.example"}} to the list {key} in Redis.'
    )


def describe(arguments: Mapping[str, str]) -> str:
    """Return what a crawl is asked for, in one line; equal for instances that belong together."""
    names = ("url", "seeds", "scope", "records")
    asked = {name: arguments.get(name, "").strip() for name in names}
    with suppress(SeedError):  # spiders of other projects take other things under that name
        asked["url"] = ",".join(seed.url for seed in parse_urls(asked["url"]))
    return (
        " ".join(f"{name}={value}" for name, value in asked.items() if value) if asked["url"] or asked["seeds"] else ""
    )
