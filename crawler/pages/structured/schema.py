"""What a schema.org node says that videos and users have in common: counts, pictures, accounts, lists of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.pages.structured.addresses import is_home
from crawler.pages.structured.counts import Count, count
from crawler.pages.structured.document import Document
from crawler.pages.structured.jsonld import Graph, Node, types
from crawler.pages.structured.values import http_url, line

Fields = dict[str, Any]
"""Fields of a record as one source tells them; counts as `Count`, unknown ones None or missing."""

ACTIONS = {
    "WatchAction": "view", "ViewAction": "view", "UserPlays": "view", "PlayAction": "view",
    "LikeAction": "like", "UserLikes": "like", "DislikeAction": "dislike", "UserDislikes": "dislike",
    "CommentAction": "comment", "UserComments": "comment", "DiscussAction": "comment", "ShareAction": "repost",
    "FollowAction": "follow", "SubscribeAction": "follow", "UserFollows": "follow", "WriteAction": "write",
    "CreateAction": "write",
}  # fmt: skip
LEGACY_COUNT = re.compile(r"\s*(?:(User\w+)\s*:\s*([\d.,]+)|([\d.,]+)\s+(User\w+))\s*")
LISTED = re.compile(r"\s*[,;]\s*|\s*\n\s*")
SIZE_IN_NAME = re.compile(r"-(\d{2,4})x\d{2,4}\.\w{3,4}$")
"""At the end of the address of one of the sizes of a picture."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A node with the graph that its references point into, and the page that it is on."""

    node: Node
    graph: Graph
    document: Document

    def first(self, *names: str) -> Any:
        """Return the first value of the first of `names` that has any."""
        return self.graph.first(self.node, *names)

    def values(self, *names: str) -> list[Any]:
        """Return all values of the first of `names` that has any."""
        return self.graph.values(self.node, *names)

    def of(self, node: Node) -> Entity:
        """Return another node of the same graph."""
        return Entity(node, self.graph, self.document)

    def url(self, *names: str) -> str | None:
        """Return the first address among the values of `names`."""
        base = self.document.base
        values = (value.get("@id") if isinstance(value, dict) else value for value in self.values(*names))
        return next((url for value in values if (url := http_url(value, base))), None)

    @property
    def page_id(self) -> str | None:
        """Its `@id`, where that is the address of a page; with a fragment it is only a name."""
        identifier = self.node.get("@id")
        return None if not isinstance(identifier, str) or "#" in identifier else self.url("@id")

    def counts(self, name: str) -> dict[str, Count]:
        """Return the counters of the property `name` by what they count; contradicting ones are left out."""
        found: dict[str, set[Count]] = {}
        for counter in self.graph.children(self.node, name):
            action = action_of(self.graph.first(counter, "interactionType", "name"))
            value = count(self.graph.first(counter, "userInteractionCount", "interactionCount"), self.document.language)
            if action and value:
                found.setdefault(action, set()).add(value)
        return {action: next(iter(values)) for action, values in found.items() if len(values) == 1}


def action_of(value: Any) -> str:
    """Return what an `interactionType` counts (`view`, `like`, …), or ""."""
    if isinstance(value, dict):
        names: Iterable[Any] = [*types(value), value.get("@id"), value.get("name")]
    else:
        names = [value]
    words = (re.split(r"[/#:]", name)[-1].strip() for name in names if isinstance(name, str))
    return next((ACTIONS[word] for word in words if word in ACTIONS), "")


def legacy_counts(entity: Entity) -> dict[str, Count]:
    """Return the counts of `interactionCount`, which schema.org gave up: a number, or `UserLikes:1,234`."""
    found: dict[str, Count] = {}
    for value in entity.values("interactionCount"):
        shape = LEGACY_COUNT.fullmatch(value) if isinstance(value, str) else None
        action, number = (shape[1] or shape[4], shape[2] or shape[3]) if shape else ("UserPlays", value)
        if (name := ACTIONS.get(action)) and (known := count(number, entity.document.language)):
            found.setdefault(name, known)
    return found


def picture(entity: Entity, *names: str) -> str | None:
    """Return the address of the largest picture of the first of `names` that has any."""
    for name in names:
        found = [(width, url) for value in entity.values(name) for width, url in sized(entity, value) if url]
        if found:
            named = [(int(size[1]), url) for _, url in found if (size := SIZE_IN_NAME.search(url))]
            # One whose name has no size may be the whole picture.
            return max(named if len(named) == len(found) else found, key=lambda pair: pair[0])[1]
    return None


def sized(entity: Entity, value: Any) -> Iterator[tuple[int, str | None]]:
    """Yield the width, 0 where unknown, and the address of a picture."""
    if isinstance(value, dict):
        image = entity.of(value)
        width = count(image.first("width"))
        url = image.url("contentUrl") or image.url("url") or image.url("@id")
        yield (width.value if width else 0), url
    else:
        yield 0, http_url(value, entity.document.base)


def account(entity: Entity, *names: str) -> Entity | None:
    """Return the account of the first of `names` that has one."""
    for value in (found for name in names for found in entity.values(name)[:1]):
        if isinstance(value, dict):
            return entity.of(value)
        if words := line(value):
            key = "url" if re.match(r"https?://|/", words) else "name"
            return entity.of({key: words})
    return None


def account_name(holder: Entity) -> str | None:
    """Return the display name of an account; an address is none."""
    name = line(holder.first("name"))
    return None if name is None or re.match(r"https?://", name) else name


def account_url(holder: Entity) -> str | None:
    """Return the address of an account, where it is not the page's own or the site's."""
    url = holder.url("url") or holder.page_id
    own = {holder.document.response.url, holder.document.canonical}
    return None if url is None or url in own or is_home(url) else url.partition("#")[0]


def is_site(holder: Entity) -> bool:
    """Tell whether an account is the site itself."""
    name = (account_name(holder) or "").casefold()
    url = holder.url("url")
    return name in holder.document.brands or (url is not None and is_home(url)) or not name


def words(value: Any) -> list[str] | None:
    """Return a list of words, whether written as a list, with commas, or as `[one,two words]`."""
    parts: list[str] = []
    values = value if isinstance(value, list) else [value]
    for item in values[:500]:
        named = item.get("name") if isinstance(item, dict) else item
        plain = named.strip() if isinstance(named, str) else ""
        if plain.startswith("[") and plain.endswith("]"):
            plain = plain[1:-1]
        # A list's words may hold a comma of their own; a lone text is the list.
        parts += LISTED.split(plain) if len(values) == 1 else [plain]
    known = [word for part in parts if (word := line(part.strip("\"' [")))]
    return list(dict.fromkeys(known)) or None


def merged(sources: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Fields, dict[str, str]]:
    """Return fields of all sources, each from the first that knows it, and which source that is.

    An exact count beats a rounded one; `approximate` names the counts that no source has exactly.
    """
    fields: Fields = {}
    told: dict[str, str] = {}
    for source, told_here in sources:
        for name, value in told_here.items():
            known = fields.get(name)
            better = (
                isinstance(known, Count) and isinstance(value, Count) and known.approximate and not value.approximate
            )
            if value is not None and (known is None or better):
                fields[name], told[name] = value, source
    rounded = [name for name, value in fields.items() if isinstance(value, Count) and value.approximate]
    plain = {name: value.value if isinstance(value, Count) else value for name, value in fields.items()}
    return plain | {"approximate": rounded or None}, told
