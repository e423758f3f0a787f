"""Crawls in which nothing breaks: what instances owe each other and the site."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crawls import Ended, end, start
from tests.faults.fleet import Fleet
from tests.faults.outcome import Outcome, read
from tests.faults.scenarios import Arena
from tests.faults.servers import server
from tests.faults.site import NONE, FaultSite, fault_site
from tests.paces import MOST_TOO_FAST, rate
from tests.site import Catalogue, Quirks, running_site

SPIDERS = ("users", "videos")
PACED_RECORDS = 36
LEAST_PACED = 40
"""Requests of which the rate is measured; fewer tell little."""
PAUSE_S = 3
SHARED_VIDEOS = 1950
"""With the lists that lead to them, somewhat more than 2,000 pages."""
SHARES = (0.35, 0.65)


def paced(arena: Arena, _: int) -> Outcome:
    """No fault: two instances of each spider on one host, with a delay of 0.5 s and a pause of 3 s that it asks for."""
    return keep_pace(arena, 0.5)


def keep_pace(arena: Arena, delay_s: float) -> Outcome:
    """Crawl one host with two instances of each spider; once it answers 429 with `Retry-After`."""
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(fault_site(PACED_RECORDS, NONE))
        store = stack.enter_context(server(arena.binary))
        fleets = []
        with site.holding():  # or the first one up would have fetched much before the last one is
            for spider in SPIDERS:
                folder = arena.folder / spider
                folder.mkdir()
                fleet = Fleet(site, folder, store, spider=spider, settings=(f"DOWNLOAD_DELAY={delay_s}",))
                fleets.append(stack.enter_context(fleet))
            for fleet in fleets:
                fleet.until_joined()
        begun = time.monotonic()
        fleets[0].until_pages(LEAST_PACED + 10)
        site.ask_for_pause(PAUSE_S)
        others, outcome = (fleet.complete() for fleet in fleets)
    outcome.exits += others.exits
    outcome.events = 1
    outcome.again, outcome.pages = outcome.again - outcome.pages, 2 * outcome.pages  # each spider fetches each page
    judge_pace(outcome, site, delay_s, begun)
    return outcome


def judge_pace(outcome: Outcome, site: FaultSite, delay_s: float, begun: float) -> None:
    """Measure the requests since `begun`: their rate before the pause, and how many came during it.

    Whoever has not heard of the pause yet may still ask; a second is time enough to hear of it.
    """
    pause = next(asked for asked in site.requests if asked.status == 429)
    arrived = [asked.arrived for asked in site.requests if asked.arrived > begun]
    before = [moment for moment in arrived if moment <= pause.time]
    meanwhile = sum(0 < moment - pause.time < PAUSE_S for moment in arrived)
    outcome.measured = f"{rate(before):.2f} requests/s in {len(before)}; {meanwhile} during the pause"
    if len(before) < LEAST_PACED:
        outcome.wrong.append(f"{len(before)} requests before the pause, fewer than {LEAST_PACED}")
    if rate(before) > MOST_TOO_FAST / delay_s:
        outcome.wrong.append(f"{rate(before):.3f} requests a second with a delay of {delay_s} s")
    if meanwhile > 1 / delay_s:
        outcome.wrong.append(f"{meanwhile} requests in the {PAUSE_S} s for which the site was to be left alone")
    asked_by = {asked.agent for asked in site.requests}
    if len(asked_by) < 2 * len(SPIDERS):
        outcome.wrong.append(f"only {sorted(asked_by)} have asked for anything")


def shared(arena: Arena, _: int) -> Outcome:
    """No fault: two instances on the same `-o` file and a site of 2,000 pages."""
    # Without any delay an instance that frees one of a host's few places is the first to ask for it again.
    words = ("DOWNLOAD_DELAY=0.01", "LEASE_TTL_MS=3000")
    quirks = Quirks(rate_limit=False, latency_ms=20)
    begun = time.monotonic()
    with running_site(Catalogue.generate(users=40, videos=SHARED_VIDEOS), quirks, plain=True) as site:
        pair = [
            start("videos", arena.folder, f"url={site.url}", *words, f"USER_AGENT=crawler/{number}", option="-o")
            for number in range(2)
        ]
        with ThreadPoolExecutor() as pool:
            ended = list(pool.map(lambda process: await_end(process, arena.folder), pair))
    outcome = read([arena.folder / "records.jsonl"], site.truth.videos)
    outcome.events, outcome.seconds = len(pair), time.monotonic() - begun
    outcome.exits = [one.exit_code for one, _ in ended]
    fetched = Counter(asked.agent.partition(" ")[0] for asked in site.requests)
    outcome.pages = sum(fetched.values())
    shares = [fetched[f"crawler/{number}"] / outcome.pages for number in range(2)]
    apart_s = abs(ended[0][1] - ended[1][1])
    outcome.measured = (
        f"{' and '.join(f'{share:.0%}' for share in shares)} of {outcome.pages}; ends {apart_s:.2f} s apart"
    )
    if not all(SHARES[0] <= share <= SHARES[1] for share in shares):
        outcome.wrong.append(f"shares of {shares}")
    return outcome


def await_end(process: subprocess.Popen[str], folder: Path) -> tuple[Ended, float]:
    """Return how an instance ended, and when, in monotonic seconds."""
    ended = end(process, folder)
    return ended, time.monotonic()
