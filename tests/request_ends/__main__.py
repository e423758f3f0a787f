"""Writes the tables of `docs/frontier-paths.md` anew: `python -m tests.request_ends`."""

from __future__ import annotations

from tests.request_ends.page import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
