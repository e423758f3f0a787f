"""The settings of this project, in the order in which a request meets them; the rest are Scrapy's defaults.

Every one can be given on the command line: `-s NAME=value`.
"""

import os

from crawler import __version__

BOT_NAME = "crawler"
"""Name of the project, in logs."""
SPIDER_MODULES = ["crawler.spiders"]
"""Where the spiders are."""
NEWSPIDER_MODULE = "crawler.spiders"
"""Where `scrapy genspider` puts new ones."""
COMMANDS_MODULE = "crawler.commands"
"""Where this project's commands are."""

# --- Who asks ---

CONTACT_URL = os.environ.get("CONTACT_URL", "")
"""Page or mailto: address where the owners of sites reach the operator; part of the user agent.
A warning names it while unset. Example: `https://you.example/crawler`."""
USER_AGENT = f"crawler/{__version__}"
"""What requests say that they are; ` (+CONTACT_URL)` is added where that is set."""
ROBOTSTXT_OBEY = True
"""Whether robots.txt is obeyed."""
ROBOTSTXT_USER_AGENT = "crawler"
"""The name under which robots.txt is read."""
COOKIES_ENABLED = False
"""Whether cookies are kept and sent."""

# --- The queue that instances share ---

REDIS_URL = os.environ.get("REDIS_URL", "")
"""URL of the Redis or Valkey that all instances share; empty for the embedded store. Example: `redis://queue.example:6379/0`."""
STORE_DIR = ".crawler"
"""Folder of the embedded store, used while REDIS_URL is empty; a relative one is in the project's folder, that of
scrapy.cfg, wherever in it a command is run. Without a scrapy.cfg it is in the current folder."""
CRAWL_ID = os.environ.get("CRAWL_ID", "")
"""Name that keeps a crawl apart from others of its spider in one Redis: `nightly` makes it `users@nightly`; empty for
the spider's own."""
REDIS_PARAMS = {"socket_timeout": 10, "socket_connect_timeout": 5}
"""Arguments of the Redis client; timeouts in seconds."""
SCHEDULER = "crawler.frontier.scheduler.Scheduler"
"""The scheduler: scrapy-redis' class on a queue that loses nothing."""
LEASE_TTL_MS = 15_000
"""Milliseconds without a sign of life after which an instance counts as gone, and what it had in hand is handed out
again; at least 3000."""
MAX_DELIVERIES = 5
"""Crashes of instances that had a request in hand after which it is a dead letter."""
PREFETCH_COUNT = 16
"""Requests that wait in an instance, beside those in flight."""
STORE_PATIENCE_S = 60
"""Seconds that a Redis that does not answer, or a full disk, is waited for before the instance stops."""

# --- A fleet's parent ---

FLEET_MAX_CRASHES = 8
"""Crashes of an instance within FLEET_CRASH_WINDOW_S after which `scrapy fleet` gives it up and drains the others; more
than MAX_DELIVERIES, so that one page that kills instances becomes a dead letter first."""
FLEET_CRASH_WINDOW_S = 300
"""Seconds in which they are counted."""
FLEET_BACKOFF_S = 1
"""Seconds until a crashed instance is started again; doubled with each crash that follows within a minute, up to 30."""

# --- Politeness, per host ---

DOWNLOAD_DELAY = 0.25
"""Least seconds between two requests to a host, by whichever instance of either spider."""
CONCURRENT_REQUESTS_PER_DOMAIN = 4
"""Requests in flight to a host, over all instances; at least 1."""
CONCURRENT_REQUESTS = 16
"""Requests in flight in an instance; 0 for no limit."""
CRAWL_DELAY_MAX_S = 60
"""Longest Crawl-delay of a robots.txt that is followed, in seconds."""
DOWNLOAD_SLOTS = {"fleet": {"concurrency": 1000, "delay": 0}}
"""Hosts with a `delay` or `concurrency` of their own, over all instances that have this setting. Leave `fleet`
as it is: Scrapy's delays know one process only, so all requests pass through this slot of its downloader without
any."""
RETRY_AFTER_MAX_S = 900
"""Longest pause in seconds that a host's Retry-After is followed for."""
BACKOFF_TIMES = 20
"""How often a request is sent again after 429, or 503 with Retry-After, before that counts as a failure."""
RETRY_TIMES = 4
"""How often a request is sent again after another failure."""
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"
"""Level of Scrapy's own line for a request that is given up; the spider says it in a sentence."""

# --- Limits of a response ---

DOWNLOAD_TIMEOUT = 30
"""Seconds until an answer must be there; at least 0.1."""
DOWNLOAD_MAXSIZE = 20 * 1024 * 1024
"""Bytes of the largest body that is read."""
DOWNLOAD_WARNSIZE = 0
"""Bytes from which a body is warned of; 0 for never, the limit above is low enough."""
REDIRECT_MAX_TIMES = 5
"""Redirects that are followed in a row."""
METAREFRESH_ENABLED = False
"""Whether redirects inside HTML are followed."""
DOWNLOAD_VERIFY_CERTIFICATES = True
"""Whether TLS certificates are checked."""
TELNETCONSOLE_ENABLED = False
"""Whether a console listens that runs any code it is sent."""
REMOTE_CONTROL_ENABLED = False
"""Whether a socket listens that does the same."""
PRIVATE_HOSTS: list[str] = []
"""Hosts that links, redirects and extractors may lead to at addresses that are not public, as in a network of your own:
names, addresses or networks, separated by commas. The host and port of a seed need not be named. Example:
`videos.internal,10.0.0.0/8`."""
DOWNLOAD_HANDLERS = {
    "http": "crawler.addresses.handler.GuardedHandler",
    "https": "crawler.addresses.handler.GuardedHandler",
    "ftp": None,
}
"""What downloads: Scrapy's, with a guard on the addresses that it connects to. FTP would pass beside it, and no page
needs it."""
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.frontier.tracking.DownloadTracking": -10_000,
    "crawler.middlewares.robots.FleetRobotsTxtMiddleware": 100,
    "crawler.middlewares.backoff.BackOffMiddleware": 560,
    "crawler.middlewares.pace.PaceMiddleware": 10_000,
    "crawler.middlewares.keys.KeysMiddleware": 20_000,
}
"""Around and between Scrapy's own: what watches the requests, robots.txt once for the fleet, back-off below retries,
the pace, and as the last what adds the keys of APIs. The scope decides which hosts are visited."""
SPIDER_MIDDLEWARES = {"crawler.frontier.tracking.SpiderTracking": -10_000}
"""What watches the responses, around Scrapy's own."""

# --- Keys for the APIs of sites ---

YOUTUBE_API_KEY = os.environ.get("YOUTUBE_API_KEY", "")
"""Key of YouTube's Data API v3, which is then read instead of the site's pages; empty for the pages. It goes on the
wire as a header, and nowhere else: not into URLs, the queue, records or logs. Best given as a variable of the
environment."""

# --- Sites that only yt-dlp knows ---

YTDLP = "auto"
"""Where yt-dlp reads pages that no page class knows: `auto`, those whose structured data does not tell enough;
`always`, also the others of the sites that it knows; `never`. It is optional:
`pip install -r requirements-ytdlp.txt`."""
YTDLP_HOSTS: dict[str, str] = {}
"""The same for single hosts and what is below them. Example: `{"site.example": "never"}`."""
YTDLP_THREADS = 4
"""Extractors of yt-dlp that work in an instance at once, each in a thread; those that hang count."""
YTDLP_TIMEOUT_S = 60
"""Seconds that an extractor may take between two of its requests until it counts as hanging; at least 0.1."""
YTDLP_REQUESTS = 200
"""Requests that an extractor may make for one page."""

# --- Visiting pages again, with `every=` ---

REVISIT_LEAST_S = 3600
"""With `every=auto`: least seconds between two visits of a page."""
REVISIT_MOST_S = 30 * 86_400
"""With `every=auto`: most seconds between two visits of a page."""
SNAPSHOTS = ""
"""File that gets a line of JSON for every reading of a record's counts; empty for none. Example: `snapshots.jsonl`."""

# --- From records to files ---

ITEM_PIPELINES = {
    "crawler.pipelines.validate.ValidatePipeline": 100,
    "crawler.pipelines.changes.ChangesPipeline": 150,
    "crawler.pipelines.dedupe.DedupePipeline": 200,
}
"""In this order: a record is normalised and checked, compared with its last reading, then let through once; with
`every=` also later where it has changed."""
CONCURRENT_ITEMS = 8
"""Records of a response that are worked on at once."""
FEED_STORAGES = {
    "": "crawler.feeds.jsonlines.LocalFileStorage",
    "file": "crawler.feeds.jsonlines.LocalFileStorage",
}
"""Local files get whole lines, from several instances too."""
FEED_EXPORT_ENCODING = "utf-8"
"""Encoding of the feeds."""

# --- What the terminal shows ---

LOG_LEVEL = "INFO"
"""Least level that is logged; below WARNING, Scrapy's lists of its parts are left out unless it is DEBUG."""
LOG_VERSIONS: list[str] = []
"""Libraries whose versions are logged."""
PROGRESS_INTERVAL_S = 10
"""Seconds between two lines of progress; 0 for none."""
VITALS_INTERVAL_S = 5
"""Seconds between two notes of an instance on how it does, which `scrapy status` shows; 0 for none."""
LOGSTATS_INTERVAL = 0
"""Seconds between two lines of Scrapy's own progress; 0 for none."""
DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"
"""Level of Scrapy's own line for a dropped record; refusals are logged with their reasons."""
EXTENSIONS = {
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.throttle.AutoThrottle": None,
    "crawler.extensions.contact.Contact": 100,
    "crawler.extensions.books.Books": 200,
    "crawler.extensions.rejects.Rejects": 300,
    "crawler.extensions.snapshots.Snapshots": 350,
    "crawler.extensions.summary.SummaryExtension": 400,
    "crawler.extensions.drift.DriftExtension": 425,
    "crawler.extensions.attendance.Attendance": 450,
    "crawler.extensions.membership.Membership": 500,
    "crawler.extensions.vitals.VitalsExtension": 600,
}
"""One behaviour a module. Scrapy's AutoThrottle stays off: it knows one process, and would take all hosts for one."""

# --- What `scrapy status` calls an alarm ---

NO_PROGRESS_S = 300
"""Seconds in which no request was done, though one could have been, after which a crawl makes no progress."""
FREE_DISK_LEAST_BYTES = 1024**3
"""Bytes that are to be free where an instance writes its records."""
REDIS_FULL_SHARE = 0.9
"""Share of Redis' maxmemory, 0 to 1, from which on it is nearly full."""
DRIFT_LEAST_READINGS = 20
"""Records of a site in a crawl from which it is told whether fields that were filled formerly are no more; 0 for
never."""
DRIFT_PERIOD_S = 86_400
"""Seconds after which the readings of a crawl that goes on are looked at as those of the next one."""
