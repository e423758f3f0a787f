"""`scrapy resume`: a paused crawl goes on."""

from __future__ import annotations

from typing import ClassVar

from crawler.controls import ControlCommand
from crawler.frontier.control import Answer, Control
from crawler.words import counted, with_revisits

NOTES = """
CRAWL is the name of its spider, or with a CRAWL_ID users@CRAWL_ID; without one
the order goes to all crawls in this Redis.

examples:
  scrapy resume                    all crawls
  scrapy resume users

exit codes: 0 done, 1 there is no such crawl, 2 wrong arguments
"""


class Command(ControlCommand):
    """Lets paused crawls go on."""

    notes: ClassVar[str] = NOTES

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Let a paused crawl go on"

    def give(self, control: Control) -> Answer:
        """Give the order to one crawl."""
        return control.pause(paused=False)

    def sentence(self, name: str, answer: Answer) -> str:
        """Return what was done."""
        was = "was not paused" if answer.outcome == "already" else "goes on"
        left = with_revisits(f"{counted(answer.pending + answer.in_hand, 'request')} left", answer.revisits)
        if not answer.workers:
            return f"{name} {was}: {left}, no instance at work. Start one with `{self.onward(name)}`."
        return f"{name} {was}: {counted(len(answer.workers), 'instance')} at work, {left}."
