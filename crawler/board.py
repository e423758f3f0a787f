"""How `scrapy status` shows crawls: as tables in a terminal, as plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from crawler.frontier.survey import MINUTE_MS, TEN_MINUTES_MS
from crawler.tables import table_of
from crawler.words import counted

if TYPE_CHECKING:
    from crawler.frontier.ledger import ListingCount
    from crawler.frontier.survey import Host, Survey, Worker
    from crawler.status import Status

MOST_HOSTS = 20
"""Hosts that are shown: those with most pending requests. `--json` has them all."""
MOST_LISTINGS = 20
"""Incomplete listings that are shown: those that lack most. `--json` has all, complete ones too."""
HOSTS = ("host", "pending", "in flight", "next in", "delay", "errors")
LESS_OF_HOSTS = ("delay", "in flight", "errors")
WORKERS = ("instance", "age", "pages/s", "memory", "cpu", "leased")
LESS_OF_WORKERS = ("cpu", "memory", "leased")
"""Columns that a narrow terminal has no room for, the first of them first."""


def lines_of(status: Status) -> Iterator[str]:
    """Yield all that there is to show, as lines."""
    yield from (f"ALARM {alarm.kind}: {said_of(alarm.crawl)}{alarm.text}" for alarm in status.alarms)
    for name, crawl in status.shown.items():
        yield from head_of(name, crawl, status.completeness.get(name, []))
        if crawl is None:
            continue
        yield from incomplete_of(status.listings.get(name, []))
        for host, *values in map(cells_of_host, crawl.hosts[:MOST_HOSTS]):
            yield f"  host {host}: {told(HOSTS[1:], values)}"
        yield from more_hosts(crawl)
        for worker, *values in map(cells_of_worker, crawl.workers):
            yield f"  instance {worker}: {told(WORKERS[1:], values)}"


def screen_of(status: Status, width: int) -> RenderableType:
    """Return all that there is to show, for a terminal of so many cells in a line."""
    parts: list[RenderableType] = [
        Text(f"! {said_of(alarm.crawl)}{alarm.text}", style="bold red") for alarm in status.alarms
    ]
    for name, crawl in status.shown.items():
        head, *more = head_of(name, crawl, status.completeness.get(name, []))
        parts += [Text(head, style="bold"), *map(Text, more)]
        parts += map(Text, incomplete_of(status.listings.get(name, [])))
        if crawl is None:
            continue
        if crawl.hosts:
            hosts = [cells_of_host(one) for one in crawl.hosts[:MOST_HOSTS]]
            parts.append(table_of(HOSTS, hosts, width, LESS_OF_HOSTS))
        parts += map(Text, more_hosts(crawl))
        if crawl.workers:
            workers = [cells_of_worker(one) for one in crawl.workers]
            parts.append(table_of(WORKERS, workers, width, LESS_OF_WORKERS))
    return Group(*parts)


def head_of(name: str, crawl: Survey | None, completeness: list[ListingCount]) -> Iterator[str]:
    """Yield what there is to say of a crawl as a whole."""
    if crawl is None:
        yield f"No crawl of {name} here"
        return
    paused = ", paused" if crawl.is_paused and crawl.state != "paused" else ""
    yield f"{name}: {crawl.state.replace('_', ' ')}{paused}, {counted(len(crawl.living), 'instance')}" + (
        f", {seeds}" if (seeds := crawl.control.get("seeds")) else ""
    )
    counts = [f"{crawl.pending:,} pending", f"{crawl.leased:,} leased", f"{crawl.number('done'):,} done"]
    counts += [f"{crawl.number('dead'):,} dead", counted(crawl.records, "record")]
    counts += [counted(crawl.suspects, "suspect")] if crawl.suspects else []
    counts += [f"{counted(crawl.seeds_waiting, 'seed')} of other programs"] if crawl.seeds_waiting else []
    yield f"  {', '.join(counts)}"
    if crawl.next_revisit_ms is not None:
        every = f" (every={crawl.control['every']})" if "every" in crawl.control else ""
        yield (
            f"  {counted(crawl.revisits, 'page')} to be visited again{every}, the next in "
            f"{duration(crawl.next_revisit_ms / 1000)}; {counted(crawl.number('visits'), 'visit')} so far"
        )
    if crawl.visits_pending:
        late = f", the first of them since {duration(crawl.late_s)}" if crawl.late_s else ""
        yield f"  {crawl.visits_pending:,} of the pending requests visit a page again{late}"
    one, ten = crawl.rates(MINUTE_MS).requests, crawl.rates(TEN_MINUTES_MS).requests
    if crawl.workers and ten is not None:
        eta = f"; what is pending is done in about {duration(crawl.eta_s)}" if crawl.eta_s else ""
        yield f"  {rate(one)} requests/s in the last minute, {rate(ten)} in ten{eta}"
    for count in completeness:
        declared = f" of {count.declared:,} declared ({count.percent()})" if count.declared is not None else ""
        if count.most is not None:
            total = f"; {count.declared:,} declared" if count.declared is not None else ""
            so_far = " so far" if count.grows else ""
            declared = f" of {count.target:,}{so_far} (limited to {count.most:,} per user{total})"
        lost = f", {count.refused:,} refused, {count.failed:,} failed"
        yield f"  {count.name}: {count.found:,} found{declared}{lost}"


def incomplete_of(listings: list[ListingCount]) -> Iterator[str]:
    """Yield the listings that lack most, and how many more lack something."""
    incomplete = [one for one in listings if one.lacking]
    for one in incomplete[:MOST_LISTINGS]:
        limit = f" (limited to {one.most:,} per user)" if one.most is not None else ""
        declared = "none" if one.declared is None else f"{one.declared:,}"
        read = f"{declared} declared, {one.listed:,} listed, {one.found:,} found, {one.lacking:,} missing"
        yield f"  {one.name} ({one.kind}s): {read}{limit}"
    if len(incomplete) > MOST_LISTINGS:
        yield f"  … and {len(incomplete) - MOST_LISTINGS:,} more incomplete listings (--json has all)"


def more_hosts(crawl: Survey) -> Iterator[str]:
    """Yield how many hosts are not shown."""
    unseen = max(crawl.hosts_pending, len(crawl.hosts)) - MOST_HOSTS
    if unseen > 0:
        yield f"  … and {counted(unseen, 'more host')}"


def cells_of_host(host: Host) -> tuple[str, ...]:
    """Return a host as the cells of a row."""
    errors = "-" if host.error_rate is None else f"{100 * host.error_rate:.1f} %"
    waits = f"{seconds(host.next_ms)}{' (paused)' if host.paused_ms else ''}"
    return host.slot or "(seeds)", f"{host.pending:,}", str(host.in_flight), waits, seconds(host.delay_ms), errors


def cells_of_worker(worker: Worker) -> tuple[str, ...]:
    """Return an instance as the cells of a row."""
    said = worker.vitals
    told = ("-", "-", "-", "-")
    if said is not None:
        memory = f"{said.memory_bytes / 1024**2:,.0f} MiB"
        told = (duration(worker.age_s), rate(said.pages_per_s), memory, f"{100 * said.cpu_share:.0f} %")
    gone = " (died)" if worker.is_dead else ""
    return f"{worker.title}{gone}", *told, f"{worker.leases:,}"


def told(names: tuple[str, ...], values: list[str]) -> str:
    """Return values with their names."""
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def said_of(name: str) -> str:
    """Return whose alarm it is, as the beginning of a sentence."""
    return f"{name}: " if name else ""


def rate(value: float | None) -> str:
    """Return a rate; `-` where it is not known."""
    return "-" if value is None else f"{value:,.1f}"


def seconds(value_ms: float) -> str:
    """Return a number of ms in seconds."""
    return f"{value_ms / 1000:,.2f} s" if value_ms < 10_000 else f"{value_ms / 1000:,.0f} s"  # noqa: PLR2004 - no digit more than is read


def duration(value_s: float | None) -> str:
    """Return a duration as `1:02:03`; `-` where it is not known."""
    return "-" if value_s is None else str(timedelta(seconds=round(value_s)))
