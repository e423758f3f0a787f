"""A stock scrapy-redis project, for comparison: its scheduler, its filter, its queue that outlives an instance."""

BOT_NAME = "stock"
SPIDER_MODULES = ["tests.faults.stock.spider"]
SCHEDULER = "scrapy_redis.scheduler.Scheduler"
DUPEFILTER_CLASS = "scrapy_redis.dupefilter.RFPDupeFilter"
SCHEDULER_PERSIST = True
RETRY_TIMES = 4
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOG_LEVEL = "INFO"
