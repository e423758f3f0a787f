"""Which page class reads which URL: one file a site, found here without a registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import PageClash
from crawler.pages.base import Page, Platform, Response

MOST_HOSTS = 10_000
"""Of which it is kept which classes read their pages."""


def page_class(url: str, platform: str | None = None) -> type[Page]:
    """Return the class that reads `url`.

    Args:
        url: absolute URL.
        platform: the software that the URL's host is known to run, such as `peertube`.
    """
    parts = urlsplit(url)
    path = parts.path or "/"
    return next((cls for cls in classes_of(parts.hostname or "", platform) if re.fullmatch(cls.path, path)), FALLBACK)


def page_for(response: Response, platform: str | None = None) -> Page:
    """Return the page that reads `response`."""
    return page_class(response.url, platform)(response)


@lru_cache(maxsize=MOST_HOSTS)
def classes_of(host: str, platform: str | None) -> tuple[type[Page], ...]:
    """Return the classes that read pages of a host; kept, as it is asked for each link."""
    return tuple(cls for cls in PAGES if is_at_home(cls, host, platform))


def is_at_home(cls: type[Page], host: str, platform: str | None) -> bool:
    """Tell whether `cls` says that it reads pages of a host: one that it names, or else any that runs its platform."""
    if cls.hosts:
        return any(host == known or host.endswith("." + known) for known in cls.hosts)
    return cls.platform is not None and cls.platform == platform


def reads(cls: type[Page], url: str, platform: str | None) -> bool:
    """Tell whether `cls` says that it reads `url` on a host that runs `platform`."""
    parts = urlsplit(url)
    return is_at_home(cls, parts.hostname or "", platform) and bool(re.fullmatch(cls.path, parts.path or "/"))


def check_clashes(classes: Iterable[type[Page]]) -> None:
    """Check that no URL that a class names as its own is read by another class.

    Raises:
        PageClash: two classes read one URL, or a class does not read its own example.
    """
    classes = list(classes)
    for cls in classes:
        if not cls.examples:
            raise PageClash(f"{cls.__module__}.{cls.__name__} names no `examples`: give a URL that it reads.")
        for url in cls.examples:
            readers = [f"{other.__module__}.{other.__name__}" for other in classes if reads(other, url, cls.platform)]
            if readers != [f"{cls.__module__}.{cls.__name__}"]:
                raise PageClash(
                    f"{url}, an example of {cls.__module__}.{cls.__name__}, is read by {readers}: change `path`."
                )


def find_pages() -> list[type[Page]]:
    """Return every page class of the modules of this package that says what it reads."""
    names = vars_of_modules()
    return [cls for cls in names if isinstance(cls, type) and issubclass(cls, Page) and cls.path != Page.path]


def find_platforms() -> dict[str, Platform]:
    """Return every platform that the modules of this package define, by name."""
    return {found.name: found for found in vars_of_modules() if isinstance(found, Platform)}


def configured(settings: Mapping[str, Any]) -> dict[str, Platform]:
    """Return every platform, by name, as a project's settings want it."""
    return {name: platform.configured(settings) for name, platform in PLATFORMS.items()}


def platform_of(response: Response) -> str | None:
    """Return the software of a response's host, by the host's name or by what it has answered."""
    known = HOMES.get(response.host)
    return known or next((name for name, one in PLATFORMS.items() if one.recognises(response)), None)


def vars_of_modules() -> list[object]:
    """Return what the modules of this package define, each once."""
    modules = [importlib.import_module(info.name) for info in pkgutil.walk_packages(__path__, prefix=f"{__name__}.")]
    return list({id(value): value for module in modules for value in vars(module).values()}.values())


PAGES = find_pages()
"""All page classes, checked for clashes when this package is imported."""
check_clashes(PAGES)

PLATFORMS = find_platforms()
"""Software that runs on any host, and sites whose addresses have several forms, by name."""

HOMES = {host: name for name, platform in PLATFORMS.items() for host in platform.hosts}
"""What runs on the hosts of which that is known beforehand."""

from crawler.pages.structured import StructuredPage  # noqa: E402 - after the classes of known sites

FALLBACK: type[Page] = StructuredPage
"""Reads whatever no other class does."""
