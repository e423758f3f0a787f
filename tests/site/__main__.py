"""Serve the sample site: `python -m tests.site`. Its first line of output is its URL."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tests.site.catalogue import Catalogue
from tests.site.quirks import Quirks
from tests.site.server import Site


def parser() -> argparse.ArgumentParser:
    usual = Quirks()
    parse = argparse.ArgumentParser(prog="python -m tests.site", description="Serve the sample site on 127.0.0.1.")
    add = parse.add_argument
    add("--port", type=int, default=0, help="0, the default, takes a free one")
    add("--plain", action="store_true", help="an ordinary HTML site with structured data, not a PeerTube")
    add("--users", type=int, default=60, help="local accounts (%(default)s)")
    add("--videos", type=int, default=400, help="local videos that lists show (%(default)s)")
    add("--seed", type=int, default=1, help="equal seeds give equal sites (%(default)s)")
    add("--log", type=Path, help="append a line of JSON a request to this file")
    add("--until-stdin-closes", action="store_true", help="stop when standard input ends, as when the parent is killed")
    add("--no-rate-limit", dest="rate_limit", action="store_false", help="never answer 429")
    add("--window-s", type=float, default=usual.window_s, help="window of the limits, seconds (%(default)s)")
    add("--api-limit", type=int, default=usual.api_limit, help="API requests a window (%(default)s)")
    add("--html-limit", type=int, default=usual.html_limit, help="HTML requests a window (%(default)s)")
    add("--activitypub-limit", type=int, default=usual.activitypub_limit, help="outbox requests a window (%(default)s)")
    add("--hide", type=int, default=0, metavar="N", help="hide N videos while lists are walked")
    add("--grow", type=int, default=0, metavar="N", help="publish N videos while lists are walked")
    add("--latency-ms", type=float, default=0, help="wait before each answer, milliseconds")
    add("--fail-rate", type=float, default=0, help="share of URLs that answer 500 the first time, 0 to 1")
    add("--closed-accounts", action="store_true", help="/api/v1/accounts answers 403, as PeerTube 9")
    add("--api-version", type=int, choices=(4, 6, 8), default=6, help="whose JSON is spoken (%(default)s)")
    add(
        "--slow-page-ms",
        type=float,
        default=usual.slow_page_ms,
        help="the plain site's slow page, milliseconds (%(default)s)",
    )
    add(
        "--keepalive-s",
        type=float,
        default=usual.keepalive_s,
        help="idle connections close after this, seconds (%(default)s)",
    )
    return parse


async def serve(site: Site, *, until_stdin_closes: bool) -> None:
    """Serve until SIGTERM, SIGINT or, when wanted, the end of standard input."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if until_stdin_closes:
        threading.Thread(
            target=watch_stdin, args=(lambda: loop.call_soon_threadsafe(stopped.set),), daemon=True
        ).start()
    await site.open()
    sys.stdout.write(f"{site.url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await site.close()


def watch_stdin(ended: Callable[[], object]) -> None:
    """Read standard input to its end; unbuffered, because a lock held at exit is fatal."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):  # a signal has ended the loop before
        ended()


def main() -> None:
    options = vars(parser().parse_args())
    quirks = Quirks(**{name: value for name, value in options.items() if name in Quirks.__dataclass_fields__})
    catalogue = Catalogue.generate(options["users"], options["videos"], options["seed"])
    site = Site(catalogue, quirks, plain=options["plain"], port=options["port"], log=options["log"])
    try:
        asyncio.run(serve(site, until_stdin_closes=options["until_stdin_closes"]))
    except OSError as exc:
        sys.exit(f"Port {options['port']} of 127.0.0.1 cannot be used ({exc}): pass another, or 0 for a free one.")


if __name__ == "__main__":
    main()
