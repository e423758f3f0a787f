"""Which page class reads which URL: one file a site, found here without a registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from crawler.errors import PageClash
from crawler.pages.base import Page, Response


def page_class(url: str, platform: str | None = None) -> type[Page]:
    """Return the class that reads `url`.

    Args:
        url: absolute URL.
        platform: the software that the URL's host is known to run, such as `peertube`.
    """
    return next((cls for cls in PAGES if reads(cls, url, platform)), FALLBACK)


def page_for(response: Response, platform: str | None = None) -> Page:
    """Return the page that reads `response`."""
    return page_class(response.url, platform)(response)


def reads(cls: type[Page], url: str, platform: str | None) -> bool:
    """Tell whether `cls` says that it reads `url` on a host that runs `platform`."""
    parts = urlsplit(url)
    if cls.platform is not None:
        at_home = cls.platform == platform
    else:
        host = parts.hostname or ""
        at_home = any(host == known or host.endswith("." + known) for known in cls.hosts)
    return at_home and re.fullmatch(cls.path, parts.path or "/") is not None


def check_clashes(classes: Iterable[type[Page]]) -> None:
    """Check that no URL that a class names as its own is read by another class.

    Raises:
        PageClash: two classes read one URL, or a class does not read its own example.
    """
    classes = list(classes)
    for cls in classes:
        if not cls.examples:
            msg = f"{cls.__module__}.{cls.__name__} names no `examples`: give at least one URL that it reads."
            raise PageClash(msg)
        for url in cls.examples:
            readers = [f"{other.__module__}.{other.__name__}" for other in classes if reads(other, url, cls.platform)]
            if readers != [f"{cls.__module__}.{cls.__name__}"]:
                msg = f"{url} is an example of {cls.__module__}.{cls.__name__} and is read by {readers or 'no class'}: change `path`."
                raise PageClash(msg)


def find_pages() -> list[type[Page]]:
    """Return every page class of the modules of this package that says what it reads."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.walk_packages(__path__)]
    found = {cls: None for module in modules for cls in vars(module).values() if isinstance(cls, type) and issubclass(cls, Page)}
    return [cls for cls in found if cls.path != Page.path]


PAGES = find_pages()
"""All page classes, checked for clashes when this package is imported."""
check_clashes(PAGES)

from crawler.pages.structured import StructuredPage  # noqa: E402 - after the classes of known sites

FALLBACK: type[Page] = StructuredPage
"""Reads whatever no other class does."""
