"""The exceptions of the project.

CrawlerError
├── SettingsError        a setting or an argument has a value that cannot work
│   ├── SeedError        a seed is no URL, or the seeds file cannot be read
│   │   └── BadLine      a line of a seeds file holds no seed
│   └── OtherCrawl       another crawl is in the way of the one that was asked for
├── CrawlOver            the crawl that an instance was to take part in is finished
├── StoreError           the embedded store cannot be started or reached
├── FeedUnwritten        a feed is closed, and lines that were meant for it are not in it
├── QueueLost            Redis has lost the crawl, or stays away
│   └── RedisSilent      it stays away: the crawl may still be there
├── NotSerializable      a request has a part that no other process could read from the queue
├── BadPayload           what stands in the queue is no request, or of a newer version
└── PageError
    ├── NotARecord       a page that was read and is no record
    ├── Exhausted        a site answers no more for now: the page is left for another start
    ├── Unextracted      an extractor of yt-dlp could not read a page
    └── PageClash        two page classes claim one URL

What Scrapy has to understand is of its classes: `GivenBack` and `AddressRefused` are IgnoreRequests; `Refused`,
`Duplicate`, `Awaited` and `Unclaimed` are DropItems. `Unfit` never leaves the codec.
"""


class CrawlerError(Exception):
    """Base of all errors that this project raises on purpose."""


class SettingsError(CrawlerError):
    """Raised when a setting or a spider argument cannot work; names the value and the remedy."""


class SeedError(SettingsError):
    """Raised when a seed is not a URL that can be crawled, or a seeds file cannot be read.

    Args:
        sentence: what is wrong, where, and the remedy.
        given: what stands there in place of a seed; by default the sentence.
    """

    def __init__(self, sentence: str, given: str = "") -> None:
        super().__init__(sentence)
        self.given = given or sentence


class BadLine(SeedError):
    """Raised for a line of a seeds file that holds no seed; the others do all the same.

    Args:
        name: the file.
        number: of the line, from 1.
        reason: what is wrong with it, in a sentence.
        given: what stands there; by default the sentence.
    """

    def __init__(self, name: str, number: int, reason: str, given: str = "") -> None:
        super().__init__(f"{name}, line {number}: {reason}", given)


class OtherCrawl(SettingsError):
    """Raised where another crawl of a spider runs, or was interrupted, that begins with other seeds.

    Args:
        crawl: its name.
        seeds: what the other one begins with.
        pending: requests that are left of it; None where it runs.
    """

    def __init__(self, crawl: str, seeds: str, pending: int | None) -> None:
        apart = "or keep yours apart from it with -s CRAWL_ID=2"
        if pending is None:
            super().__init__(
                f"Another crawl of {crawl} is running here, with {seeds}: join it by the same arguments or none, wait "
                f"for its end, {apart}."
            )
            return
        requests = "1 request" if pending == 1 else f"{pending:,} requests"
        super().__init__(
            f"Another crawl of {crawl} was interrupted here, with {seeds} and {requests} pending: go on with it by "
            f"the same arguments or none, drop it with -a anew=1, {apart}."
        )


class CrawlOver(CrawlerError):
    """Raised where the crawl that an instance was started for is finished: by others, while it was starting."""

    def __init__(self, spider: str) -> None:
        super().__init__(
            f"The crawl of {spider} that this fleet is at was finished by the others: nothing is left to do"
        )


class StoreError(CrawlerError):
    """Raised when the embedded store cannot be started or stops answering."""


class FeedUnwritten(CrawlerError):
    """Raised when a feed is closed that lines could not be written to; says how many."""


class QueueLost(CrawlerError):
    """Raised when Redis has lost what the crawl had in it, or has not answered for too long."""


class RedisSilent(QueueLost):
    """Raised when Redis has not answered for too long."""


class NotSerializable(CrawlerError):
    """Raised for a request that cannot be queued, before anything of it is stored.

    Args:
        url: URL of the request.
        part: what of it cannot be queued, such as ``callback`` or ``meta['page'][2]``.
        value: what stands there, shortened.
        remedy: what is wrong with it and what to pass instead, in a sentence.
    """

    def __init__(self, url: str, part: str, value: str, remedy: str) -> None:
        super().__init__(f"The request of {url} cannot be queued ({part}: {value}). {remedy}")
        self.url = url
        self.part = part
        self.value = value
        self.remedy = remedy


class BadPayload(CrawlerError):
    """Raised for bytes in the queue that are no request that this version can send.

    Args:
        reason: a short word that is counted, such as ``not_json`` or ``newer_version``.
        detail: what is wrong, for who looks at the dead letter.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


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


class Exhausted(PageError):
    """Raised by a page where its site answers nothing more for now: a quota is used up, a key is not accepted.

    Args:
        reason: a short word, by which the crawl ends.
        sentence: what is the matter, and the remedy.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Unextracted(PageError):
    """Raised where an extractor of yt-dlp could not read a page; the crawl goes on without.

    Args:
        reason: a short word that is counted, such as ``hung`` or ``robots``.
        sentence: what went wrong.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class PageClash(PageError):
    """Raised at import when two page classes claim one URL; names both."""
