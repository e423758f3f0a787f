"""From what a user passes to what is crawled first: URLs as arguments, in files, on standard input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import BadLine, SeedError
from crawler.fields import web_url
from crawler.freshness.policy import parse_every
from crawler.seed_files import SeedFile, json_value
from crawler.words import counted

SCOPES = ("seed", "host", "web")
KINDS = ("user", "video")
ARGUMENTS = ("url", "seeds", "scope", "records", "max_pages", "anew", "wait", "every", "provenance", "max_per_user")
"""What the spiders take."""
MOST_DIGITS = 12
PATH = re.compile(r"/(?!/)|\.{1,2}/|~/")
"""How a text begins that leads to a file."""
AS_JSON = 'write it in one line, as in {"url": "https://site.example/@user"}.'
LINE_BREAK = re.compile(r"[\r\n]")
PRIORITY = re.compile(r"([+-]?\d{1,9})(?:\.0+)?|", re.ASCII)
"""Also as whoever writes all numbers as floating-point ones has it, such as pandas."""
MOST_NAMED = 10
"""Lines of a seeds file without any seed that are named; the rest are counted."""
MOST_META_BYTES = 4096
"""Of a seed's own data, as JSON."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One thing to begin with.

    Attributes:
        url: absolute URL, with `https` where the user named no scheme.
        guessed: whether the scheme is a guess, so that `http` is tried when nobody answers.
        priority: of all that it leads to; higher is fetched sooner.
        meta: what the records that it leads to keep of it, `seed_meta`.
    """

    url: str
    guessed: bool = False
    priority: int = 0
    meta: Mapping[str, Any] | None = None


def parse_seed(text: str) -> Seed:
    """Read a URL, or `host/path` without a scheme.

    Raises:
        SeedError: it is no URL of a web page.
    """
    text = given = text.strip()
    if LINE_BREAK.search(text):  # which browsers drop: two seeds would become one that is none of them
        raise SeedError(
            f"{given!r:.200} has a line break within: write one seed a line, and end each with a line feed."
        )
    guessed = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", text) is None
    if guessed and (handle := re.fullmatch(r"(?:acct:)?@?([\w.-]+)@([\w.:-]+)", text)):
        text = f"{handle[2]}/@{handle[1]}"
    try:
        url = web_url(f"https://{text.removeprefix('//')}" if guessed else text)
        parts = urlsplit(url or "")
        host, _, has_user = parts.hostname or "", parts.port, "@" in parts.netloc
    except ValueError:
        url, host, has_user = None, "", False
    if has_user and plausible(host):
        raise SeedError(
            f"A seed with a name or password before its host ({host}) cannot be crawled: pass it without.", host
        )
    if not url or not plausible(host):
        raise SeedError(f"{given!r:.200} {no_url(given)}")
    return Seed(url, guessed)


def no_url(text: str) -> str:
    """Return what is wrong with a text that is no URL, by what it looks like, and what to pass."""
    if PATH.match(text):
        return "is a path, not a URL: pass one like https://site.example/@user, or a file that exists as -a seeds=FILE."
    if not text.startswith(("{", "[", '"')):
        return "is not a URL that can be crawled: pass one like https://site.example/@user or site.example."
    try:
        json.loads(text)
    except json.JSONDecodeError as exc:
        fault = f"is no JSON ({exc.msg.removesuffix(' at')} at character {exc.pos + 1})"
    except (ValueError, RecursionError):  # a number too long, or too many brackets
        fault = "is more than can be read"
    else:
        fault = "is JSON, but no object with a key `url`"
    return f"{fault}: {AS_JSON}"


def plausible(host: str) -> bool:
    """Tell whether `host` can be the name of a web server: an address, localhost, or a name with a dot."""
    if ":" in host or host == "localhost":
        return True
    return re.fullmatch(r"(?=.{3,253}$)[^\s.,;!?/\\@]{1,63}(\.[^\s.,;!?/\\@]{1,63})+\.?", host) is not None


def check_once(words: Iterable[str]) -> None:
    """Check that no argument is given twice as NAME=VALUE: the last would count alone, without a word.

    Raises:
        SeedError: one is.
    """
    told: dict[str, str] = {}
    for name, _, value in (word.partition("=") for word in words):
        if (former := told.setdefault(name, value)) != value:
            remedy = f"pass both as -a url={former},{value}" if name == "url" else "pass it once"
            raise SeedError(f"-a {name}= is given twice, as {former} and as {value}: {remedy}.")


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
    with SeedFile(source) as file:
        for _, seed in seeds_in(file):
            yield seed


def seeds_in(file: SeedFile) -> Iterator[tuple[int, Seed | BadLine]]:
    """Yield the number of each line of a seeds file, and the seed in it, or what is wrong.

    Raises:
        SeedError: the file cannot be read on.
    """
    for line in file.lines():
        try:
            yield line.number, seed_of(line.value) if not line.fault else BadLine(file.name, line.number, line.fault)
        except SeedError as exc:
            given = line.text() if exc.given == str(exc) else exc.given
            yield line.number, BadLine(file.name, line.number, line.hint or str(exc), given)


def seed_of(said: str | Mapping[str, Any]) -> Seed:
    """Read a seed: a URL, or named parts, which are its `url`, its `priority`, and what its records are to keep.

    Of a message for scrapy-redis, the parts of `meta` are among these.

    Raises:
        SeedError: it is none.
    """
    if isinstance(said, str):
        return parse_seed(said)
    if "url" not in said:
        text = json.dumps(said, ensure_ascii=False)
        raise SeedError(f"{text:.200} has no key `url`: {AS_JSON}")
    meta = dict(said)
    url = meta.pop("url")
    if not isinstance(url, str):
        raise SeedError(f"The `url` {json.dumps(url, ensure_ascii=False):.200} is no text: {AS_JSON}")
    seed = parse_seed(url)
    if str(meta.get("method", "")).upper() == "POST":
        raise SeedError("A seed with the method POST cannot be crawled: pass the address of a page.")
    priority = parse_priority(meta.pop("priority", 0))
    if isinstance(meta.get("meta"), dict):
        meta |= meta.pop("meta")
    return replace(seed, priority=priority, meta=checked_meta(meta))


def parse_priority(value: Any) -> int:
    """Read a priority: a whole number; nothing is 0.

    Raises:
        SeedError: it is none.
    """
    found = PRIORITY.fullmatch("" if value is None else str(value).strip())
    if found is None:
        raise SeedError(f"The priority {value!r:.100} is no whole number of up to 9 digits: pass one such as 10.")
    return int(found[1] or 0)


def checked_meta(meta: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what records are to keep of their seed, None for nothing; what has no value is left out.

    Raises:
        SeedError: it is too much, as every request that the seed leads to carries it.
    """
    kept = {name: value for name, value in meta.items() if value is not None and value != ""}
    if kept and (size := len(json.dumps(kept))) > MOST_META_BYTES:
        raise SeedError(
            f"A seed's own data of {size:,} bytes is too much ({MOST_META_BYTES:,} is the most): pass less."
        )
    return kept or None


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


LIMITS = {"max_pages": ("pages", 100), "max_per_user": ("videos", 10)}
"""Arguments that are a number, of what, and such a number."""


def parse_limit(name: str, text: str | int) -> int:
    """Read an argument that is a positive number; 0 for no limit."""
    if not str(text).isdecimal() or len(str(text)) > MOST_DIGITS:
        what, such = LIMITS[name]
        raise SeedError(
            f"{name}={text} is no number of {what}: pass a whole number such as {name}={such}, or leave it out."
        )
    return int(text)


FLAGS = {
    "anew": "to begin anew, or leave it out to go on with what is left",
    "wait": "to stay for seeds to come, or leave it out",
    "provenance": "to have the source of each field in the records, or leave it out",
}
"""Arguments that are `1` or not given, with what that is for."""


def parse_flag(name: str, text: str) -> bool:
    """Read an argument that is `1` or not given.

    Raises:
        SeedError: it is neither that nor `0`: what is meant must not be guessed where something is dropped.
    """
    if text not in {"", "0", "1"}:
        raise SeedError(f"{name}={text} is unknown: pass {name}=1 {FLAGS[name]}.")
    return text == "1"


def parse_message(data: bytes) -> Seed:
    """Read a seed from Redis: a JSON object with a `url`, as scrapy-redis has it, or a plain URL.

    Raises:
        SeedError: it is neither.
    """
    text = data.decode("utf-8", errors="replace").strip()
    seed = seed_of(json_value(text))
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
    for name in ("url", "seeds", "scope", "records", "every"):
        if name in arguments and not arguments[name].strip():
            raise SeedError(f"-a {name}= is empty, as by a variable of the shell that is not set: leave it out.")
    parse_urls(arguments.get("url", ""))
    if scope := arguments.get("scope"):
        parse_scope(scope)
    if records := arguments.get("records"):
        parse_kinds(records)
    for limit in LIMITS:
        parse_limit(limit, arguments.get(limit, "0"))
    for flag in FLAGS:
        parse_flag(flag, arguments.get(flag, ""))
    parse_every(arguments.get("every", ""))
    source = arguments.get("seeds", "-")
    if source != "-" and Path(source).is_dir():
        raise SeedError(f"The seeds file {source} is a folder: pass a text file of URLs, or - for standard input.")
    if source != "-" and not Path(source).exists():
        raise SeedError(f"The seeds file {source} does not exist: pass a text file of URLs, or - for standard input.")


def asks_anew(arguments: Mapping[str, str]) -> bool:
    """Tell whether `anew=1` was given."""
    return parse_flag("anew", arguments.get("anew", ""))


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
    names = ("url", "seeds", "scope", "records", "max_per_user")
    asked = {name: arguments.get(name, "").strip() for name in names}
    asked["max_per_user"] = asked["max_per_user"].lstrip("0")
    with suppress(SeedError):  # spiders of other projects take other things under that name
        asked["url"] = ",".join(seed.url for seed in parse_urls(asked["url"]))
    return (
        " ".join(f"{name}={value}" for name, value in asked.items() if value) if asked["url"] or asked["seeds"] else ""
    )
