"""The exceptions of the project.

CrawlerError
├── SettingsError        a setting or an argument has a value that cannot work
│   └── SeedError        a seed is no URL, or the seeds file cannot be read
├── StoreError           the embedded store cannot be started or reached
└── PageError
    ├── NotARecord       a page that was read and is no record
    └── PageClash        two page classes claim one URL
"""


class CrawlerError(Exception):
    """Base of all errors that this project raises on purpose."""


class SettingsError(CrawlerError):
    """Raised when a setting or a spider argument cannot work; names the value and the remedy."""


class SeedError(SettingsError):
    """Raised when a seed is not a URL that can be crawled, or a seeds file cannot be read."""


class StoreError(CrawlerError):
    """Raised when the embedded store cannot be started or stops answering."""


class PageError(CrawlerError):
    """Base of what page classes raise."""


class NotARecord(PageError):
    """Raised by a page that is no record: a consent screen, a deleted video, an empty shell.

    Args:
        reason: a short word that is counted, such as ``private`` or ``deleted``.
        detail: what the page said, for the rejects feed.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class PageClash(PageError):
    """Raised at import when two page classes claim one URL; names both."""
