"""All that the frontier needs in any Scrapy project: `ADDONS = {"crawler.frontier.addon.FrontierAddon": 0}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.utils.misc import load_object

from crawler.errors import SettingsError
from crawler.frontier.connection import embedded_url, names_a_server, store_folder
from crawler.frontier.scheduler import Scheduler
from crawler.frontier.slots import FLEET_SLOT

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

OUTERMOST, INNERMOST = -10_000, 10_000
PACKAGE = "crawler"
SINGLE = {
    "SCHEDULER": f"{PACKAGE}.frontier.scheduler.Scheduler",
    "RETRY_AFTER_MAX_S": 900,
    "BACKOFF_TIMES": 20,
    "CRAWL_DELAY_MAX_S": 60,
}
MERGED: dict[str, dict[str, object]] = {
    "DOWNLOAD_SLOTS": {FLEET_SLOT: {"concurrency": 1000, "delay": 0}},
    "DOWNLOADER_MIDDLEWARES": {
        f"{PACKAGE}.frontier.tracking.DownloadTracking": OUTERMOST,
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        f"{PACKAGE}.middlewares.robots.FleetRobotsTxtMiddleware": 100,
        f"{PACKAGE}.middlewares.backoff.BackOffMiddleware": 560,
        f"{PACKAGE}.middlewares.pace.PaceMiddleware": INNERMOST,
    },
    "SPIDER_MIDDLEWARES": {f"{PACKAGE}.frontier.tracking.SpiderTracking": OUTERMOST},
    "EXTENSIONS": {
        f"{PACKAGE}.extensions.attendance.Attendance": 450,
        f"{PACKAGE}.extensions.membership.Membership": 500,
        f"{PACKAGE}.extensions.vitals.VitalsExtension": 600,
        "scrapy.extensions.throttle.AutoThrottle": None,  # it would take all hosts, which share a slot, for one
    },
    "FEED_STORAGES": dict.fromkeys(("", "file"), f"{PACKAGE}.feeds.jsonlines.LocalFileStorage"),
}


class FrontierAddon:
    """Leaves alone what the project sets itself."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Add the frontier's parts.

        Raises:
            SettingsError: the project names a scheduler of somebody else, which would leave them without use.
            StoreError: no Redis is named, and the embedded store does not start.
        """
        for name, value in SINGLE.items():
            settings.set(name, value, priority="addon")
        check_scheduler(settings)
        for name, parts in MERGED.items():
            present = settings.getdict(name)
            settings.set(name, {**parts, **present}, priority="cmdline")
        if not names_a_server(settings):  # later they are frozen
            settings.set("REDIS_URL", embedded_url(store_folder(settings)), priority="cmdline")


def is_added(settings: BaseSettings) -> bool:
    """Tell whether a project has the add-on."""
    return any(load_object(one) is FrontierAddon for one in settings.getdict("ADDONS"))


def check_scheduler(settings: BaseSettings) -> None:
    """Check that the frontier's scheduler is the one in use: without it the other parts of the frontier hang.

    Raises:
        SettingsError: the settings name another one, or none that can be imported.
    """
    try:
        scheduler = load_object(settings["SCHEDULER"])
    except (ImportError, NameError, ValueError, TypeError):
        scheduler = None
    if not (isinstance(scheduler, type) and issubclass(scheduler, Scheduler)):
        raise SettingsError(
            f"SCHEDULER ({settings['SCHEDULER']}) is not the frontier's: leave it out"
            f"{', or take the add-on out' if is_added(settings) else ''}."
        )
