"""Says in one sentence why a request was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.addresses.guard import AddressRefused

if TYPE_CHECKING:
    from scrapy import Request


def explain(error: BaseException | None, request: Request) -> str:  # noqa: PLR0911 - one for each reason
    """Return the reason with the value and, where there is one, the remedy."""
    host = urlsplit(request.url).netloc
    match error:
        case HttpError():
            return f"{request.url} answered HTTP {error.response.status}"
        case CannotResolveHostError():
            return f"the host {host} cannot be found: check its spelling and your network"
        case DownloadConnectionRefusedError():
            return f"{host} refuses connections: check the port, and that the site is up"
        case DownloadTimeoutError():
            return f"{request.url} did not answer in {request.meta.get('download_timeout', 0):g} s"
        case AddressRefused():
            return f"{request.url} is not fetched: {error}"
        case IgnoreRequest() if "robots.txt" in str(error):
            return f"{request.url} is forbidden by the robots.txt of {host}"
        case _:
            return f"{request.url} cannot be read ({type(error).__name__}: {first_line(error)})"


def first_line(error: BaseException | None) -> str:
    """Return the first line of what `error` says."""
    return (str(error).strip() or "no details").splitlines()[0]
