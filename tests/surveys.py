"""What an onlooker sees of a crawl, and what its instances say of themselves."""

from __future__ import annotations

from crawler.frontier.queue import Queue
from crawler.frontier.survey import Survey, survey
from crawler.frontier.vitals import Vitals
from tests.queues import Crew


def look(crew: Crew) -> Survey:
    """Return what there is to see of a crew's crawl."""
    found = survey(crew.server, crew.keys)
    assert found is not None
    return found


def say(queue: Queue, **vitals: object) -> None:
    """Have an instance say how it does."""
    queue.execute(Vitals(**vitals).command(queue))  # type: ignore[arg-type]
