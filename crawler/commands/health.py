"""`scrapy health`: whether an instance of this machine, or of this container, is alive."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, ClassVar

from redis.exceptions import RedisError
from scrapy.exceptions import UsageError

from crawler.checks import usable
from crawler.frontier.alarms import trouble_of
from crawler.frontier.connection import place
from crawler.frontier.keys import Keys, crawl_name
from crawler.health import instances_here
from crawler.looking import StoreCommand, print_json, say, store_of
from crawler.words import counted

if TYPE_CHECKING:
    from redis import Redis

    from crawler.frontier.survey import Worker

NOTES = """
For the health checks of container engines, which run it beside the instance:
an instance is alive while its lease in Redis is renewed and it goes on saying
how it does. What has died and is no longer waited for does not count.

examples:
  scrapy health                    either spider's
  scrapy health users
  scrapy health users -s CRAWL_ID=nightly

exit codes: 0 there is an instance, and all that live are well, 1 there is
none, or one is stuck, 2 wrong arguments, or Redis cannot be used: that says
nothing of the instance, which waits for Redis for STORE_PATIENCE_S and then
ends
"""


class Command(StoreCommand):
    """Tells whether an instance of this machine is alive."""

    notes: ClassVar[str] = NOTES

    def syntax(self) -> str:
        """Return the arguments."""
        return "[options] [SPIDER …]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Tell whether an instance of this machine, or of this container, is alive"

    def act(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look for instances, and say how they do.

        Raises:
            UsageError: an argument cannot work, or Redis cannot be used.
        """
        settings, named = usable(self.settings), self.named(args)
        living: list[Worker] = []
        with store_of(settings, any_policy=True) as server:
            if server is not None:
                living = self.living(server, named)
        troubles = {worker.name: trouble for worker in living if (trouble := trouble_of(worker))}
        self.exitcode = 0 if living and not troubles else 1
        if opts.json:
            seen = [{"worker": one.name, "pid": one.pid, "trouble": troubles.get(one.name)} for one in living]
            print_json({"healthy": self.exitcode == 0, "instances": seen})
        elif not living:
            say("No instance of this machine is at work.")
        else:
            say(f"{counted(len(living), 'instance')} at work{'' if troubles else ', all well'}.")
            for worker in living:
                if worker.name in troubles:
                    say(f"The instance {worker.pid} {troubles[worker.name]}")

    def living(self, server: Redis, named: list[str]) -> list[Worker]:
        """Return the instances of this machine that count as living.

        Raises:
            UsageError: Redis cannot be used.
        """
        settings = usable(self.settings)
        crawls = named or [crawl_name(settings, spider) for spider in self.known()]
        try:
            found = [one for name in crawls for one in instances_here(server, Keys.of(settings, name))]
        except RedisError as exc:
            raise UsageError(f"{place(settings)} does not answer ({exc}).", print_help=False) from exc
        return [one for one in found if one.lease_ms > 0 and not one.is_dead]
