"""`scrapy pause`: no request of a crawl goes out any more, by whichever of its instances, until it is resumed."""

from __future__ import annotations

from typing import ClassVar

from crawler.controls import ControlCommand
from crawler.frontier.control import Answer, Control
from crawler.words import counted, with_revisits

NOTES = """
All instances stop asking sites within 2 seconds; what is in flight by then is
finished. They stay, and nothing is lost where one of them is killed. Instances
that start meanwhile wait too. A pause lasts until scrapy resume, also where
all instances end; a crawl that begins anew is not paused.

CRAWL is the name of its spider, or with a CRAWL_ID users@CRAWL_ID; without one
the order goes to all crawls in this Redis.

examples:
  scrapy pause                     all crawls
  scrapy pause users -s REDIS_URL=redis://queue.example:6379/0

exit codes: 0 done, 1 there is no such crawl, 2 wrong arguments
"""


class Command(ControlCommand):
    """Pauses crawls."""

    notes: ClassVar[str] = NOTES

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Let no instance of a crawl ask any site until scrapy resume"

    def give(self, control: Control) -> Answer:
        """Give the order to one crawl."""
        return control.pause(paused=True)

    def sentence(self, name: str, answer: Answer) -> str:
        """Return what was done."""
        was = "was paused before" if answer.outcome == "already" else "is paused"
        pending = with_revisits(counted(answer.pending, "pending request"), answer.revisits)
        if not answer.workers:
            return f"{name} {was}: {pending}, no instance at work. Who starts waits for `scrapy resume {name}`."
        at_work = counted(len(answer.workers), "instance")
        holds = f"hold{'s' if len(answer.workers) == 1 else ''}"
        return (
            f"{name} {was}: {at_work} {holds} back {pending}; of the {answer.in_hand:,} in hand what is in flight is "
            f"finished. `scrapy resume {name}` goes on."
        )
