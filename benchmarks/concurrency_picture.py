"""Draws the table of docs/concurrency.md as SVG: bars by way, a panel for each figure and latency."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from benchmarks.concurrency_page import CPU_MS, PAGES_PER_S, Row

LABELS_PX, PANEL_PX, MARGIN_PX = 150, 240, 16
BAR_PX, GAP_PX, TITLE_PX = 14, 8, 30
FIGURE_PX = 62
"""Room behind the longest bar for its figure."""
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.card { fill: #ffffff; stroke: #d1d9e0 }
.script { fill: #6e7781 }
.crawl { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .card { fill: #0d1117; stroke: #3d444d }
  .script { fill: #9198a1 }
  .crawl { fill: #4493f8 }
}
"""
"""The card has a ground of its own, so that it can be read on whatever page it stands."""


def text(parent: Element, x: float, y: float, words: str, **attributes: str) -> None:
    """Write words, the left end of their base line at (x, y) unless told otherwise."""
    SubElement(parent, "text", {"x": f"{x:g}", "y": f"{y:g}", **attributes}).text = words


def panel(parent: Element, left: float, top: float, title: str, bars: Sequence[tuple[str, float, str]]) -> None:
    """Draw bars below each other, each a class, a value and how it is written; all on the scale of this panel."""
    text(parent, left, top - GAP_PX, title, **{"class": "title"})
    scale = (PANEL_PX - FIGURE_PX) / max(value for _, value, _ in bars)
    for place, (kind, value, written) in enumerate(bars):
        y = top + place * (BAR_PX + GAP_PX)
        width = max(1.0, value * scale)
        box = {"x": left, "y": y, "width": round(width, 1), "height": BAR_PX, "rx": 2}
        SubElement(parent, "rect", {"class": kind, **{name: f"{size:g}" for name, size in box.items()}})
        text(parent, left + round(width, 1) + 6, y + BAR_PX - 3, written)


def picture(rows: Sequence[Row]) -> str:
    """Return the picture of a table."""
    latencies = list(rows[0].pages_per_s)
    band = TITLE_PX + len(rows) * (BAR_PX + GAP_PX)
    width, height = 2 * MARGIN_PX + LABELS_PX + len(latencies) * PANEL_PX, 2 * MARGIN_PX + 2 * band
    drawn = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
        },
    )
    SubElement(drawn, "title").text = "Pages a second and CPU a page, by way of crawling and latency of the site"
    SubElement(drawn, "style").text = STYLE
    card = {"x": "0.5", "y": "0.5", "width": str(width - 1), "height": str(height - 1), "rx": "6"}
    SubElement(drawn, "rect", {"class": "card", **card})
    for number, what in enumerate((PAGES_PER_S, CPU_MS)):
        top = MARGIN_PX + number * band + TITLE_PX
        for place, row in enumerate(rows):
            y = top + place * (BAR_PX + GAP_PX) + BAR_PX - 3
            label = row.name.replace("`", "")
            text(drawn, MARGIN_PX + LABELS_PX - 2 * GAP_PX, y, label, **{"text-anchor": "end"})
        for place, latency in enumerate(latencies):
            left = MARGIN_PX + LABELS_PX + place * PANEL_PX
            panel(drawn, left, top, f"{what}, {latency:g} ms", bars(rows, what, latency))
    indent(drawn)
    return tostring(drawn, encoding="unicode") + "\n"


def bars(rows: Sequence[Row], what: str, latency: float) -> list[tuple[str, float, str]]:
    """Return the bars of a panel."""
    kinds = ["crawl" if "`" in row.name else "script" for row in rows]
    if what == PAGES_PER_S:
        values = [row.pages_per_s[latency] for row in rows]
        return [(kind, value, f"{value:,.0f}") for kind, value in zip(kinds, values, strict=True)]
    values = [row.cpu_ms[latency] for row in rows]
    return [(kind, value, f"{value:.2f}") for kind, value in zip(kinds, values, strict=True)]
