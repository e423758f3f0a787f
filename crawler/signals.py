"""What the spiders tell the pipelines and extensions, beside Scrapy's own signals."""

from __future__ import annotations

from typing import Final

listing_read: Final = object()
"""A page of a listing was read.

Arguments: `totals`, Listing -> number or None; `listing`, the page's own or None; `members`, the keys of its rows."""
record_refused: Final = object()
"""A page is no record, or a record is not valid. Arguments: `what` (RecordKey or URL), `reason` (one word, counted),
`details` (list of sentences), `url` (what was read), `record` (its fields, or None)."""
record_read: Final = object()
"""A record was read, whether it is news or what it was. Argument: `record`, validated."""
request_failed: Final = object()
"""A request was given up. Arguments: `what` (RecordKey or URL), `reason` (a sentence), `url`."""
