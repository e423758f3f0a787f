"""Which node of a page the page is about: a video, a profile, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from crawler.pages.structured.addresses import is_home, same_page
from crawler.pages.structured.document import Document
from crawler.pages.structured.jsonld import Graph, types
from crawler.pages.structured.schema import Entity, is_site
from crawler.pages.structured.values import http_url, line

Role = Literal["main", "top", "part"]

VIDEOS = {"VideoObject", "VideoObjectSnapshot", "MusicVideoObject"}
PERSONS = {"Person", "Patient"}
ORGANIZATIONS = {
    "Organization", "Corporation", "NewsMediaOrganization", "NGO", "PerformingGroup", "MusicGroup", "SportsTeam",
    "EducationalOrganization", "GovernmentOrganization", "LocalBusiness", "Brand",
}  # fmt: skip
WEB_PAGES = {"WebPage", "ItemPage", "ProfilePage", "AboutPage"}
OTHER_THINGS = re.compile(
    r"\w*Article|\w*Posting|Product|Recipe|HowTo|Movie|TVSeries|TVSeason|QAPage|FAQPage|JobPosting|\w*Event|"
    r"SoftwareApplication|VideoGame|Course|Book|CollectionPage|SearchResultsPage|VideoGallery|Review"
)
"""What a page is about although a video may be on it."""
BEGINNING_CHARS = 20
"""A shorter title is not taken for the beginning of a longer name."""
SHORT_WORD_CHARS = 3
"""A word of as many letters may be in any two titles."""
PICTURES = ("og:image:secure_url", "og:image", "twitter:image")
SHOWN = ("thumbnailUrl", "thumbnailURL", "image", "embedUrl", "embedURL", "contentUrl")
"""What a video's node shows that a page's `<meta>`s name as well."""
PLAYER_TYPES = {"video", "video.other", "video.episode", "video.clip"}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about.

    Attributes:
        kind: of its record.
        entities: the nodes that say it, the most telling first; none where OpenGraph alone does.
        pages: the `ProfilePage` nodes.
    """

    kind: Literal["video", "user"]
    entities: list[Entity]
    pages: list[Entity]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity, and what it is to the page."""

    entity: Entity
    role: Role

    def is_a(self, names: set[str]) -> bool:
        """Tell whether it has one of the types `names`."""
        return bool(types(self.entity.node) & names)

    @property
    def name(self) -> str:
        """Its name, lower case."""
        return (line(self.entity.first("name", "headline")) or "").casefold()


def subject_of(document: Document) -> Subject | None:
    """Return what `document` is about, or None when that is neither a video nor a profile."""
    found = [candidate for graph in document.graphs for candidate in candidates(graph, document)]
    profiles = [each.entity for each in found if each.is_a({"ProfilePage"})]
    videos = main_videos(found, document)
    users = main_users(found, document)
    if users and (document.og_type == "profile" or (profiles and not (videos and document.og_type in PLAYER_TYPES))):
        return Subject("user", users, profiles)
    if videos or (document.og_type in PLAYER_TYPES and has_player(document) and not is_home(document.response.url)):
        return Subject("video", videos, [])
    if users or (document.og_type == "profile" and not is_home(document.response.url)):
        return Subject("user", users, profiles)
    return None


def candidates(graph: Graph, document: Document) -> Iterator[Candidate]:
    """Yield the nodes of a graph that a page can be about."""
    for node in graph.nodes:
        yield Candidate(Entity(node, graph, document), "top")
        if types(node) & WEB_PAGES:
            names = ("mainEntity", "about") if "ProfilePage" in types(node) else ("mainEntity",)
            yield from (Candidate(Entity(child, graph, document), "main") for child in graph.children(node, *names))
        if not types(node) & VIDEOS:
            parts = graph.children(node, "video")
            yield from (Candidate(Entity(child, graph, document), "part") for child in parts)


def main_videos(found: list[Candidate], document: Document) -> list[Entity]:
    """Return the nodes of the one video that the page is about."""
    if is_home(document.response.url):
        return []
    videos = [each for each in found if each.is_a(VIDEOS)]
    if chosen := [each for each in videos if each.role == "main"]:
        return one_of(chosen, document)
    says_video = document.og_type.startswith("video")
    if not says_video and (is_other(found) or document.og_type not in {"", "website"}):
        return []
    near = [each for each in videos if each.role == "top" or says_video]
    verdicts = [(each, is_page(each, document)) for each in near]
    if chosen := [each for each, here in verdicts if here]:
        again = [each for each, here in verdicts if here is None and same_name(each, chosen[0])]
        return one_of(chosen + again, document)
    open_ones = [each for each, here in verdicts if here is None or (says_video and is_title(each, document))]
    named = [each for each in open_ones if is_title(each, document) or (says_video and is_like(each, document))]
    return one_of(named, document)


def is_other(found: list[Candidate]) -> bool:
    """Tell whether a page is about an article, a product or the like."""
    names = (name for each in found if each.role == "top" for name in types(each.entity.node))
    return any(map(OTHER_THINGS.fullmatch, names))


def one_of(chosen: list[Candidate], document: Document) -> list[Entity]:
    """Return the entities of `chosen` when they are one thing; of several, those that the page is named after."""
    if len({each.name for each in chosen if each.name}) > 1:
        chosen = [each for each in chosen if is_title(each, document)]
    several = len({each.name for each in chosen if each.name}) > 1
    return [] if several else [each.entity for each in chosen]


def same_name(candidate: Candidate, other: Candidate) -> bool:
    """Tell whether two candidates have one name and so are two accounts of one thing."""
    return candidate.name == other.name != ""


def main_users(found: list[Candidate], document: Document) -> list[Entity]:
    """Return the nodes of the one person or organization that the page is about."""
    users = [each for each in found if each.is_a(PERSONS | ORGANIZATIONS)]
    if chosen := [each for each in users if each.role == "main"]:
        return one_of(chosen, document)
    if is_home(document.response.url) or document.og_type.startswith(("article", "video", "product")):
        return []
    if is_other(found):
        return []
    declared = document.og_type == "profile" or any(each.is_a({"ProfilePage"}) for each in found)
    near = [each for each in users if each.role == "top" and (declared or each.is_a(PERSONS))]
    here = [each for each in near if is_page(each, document) is True]
    named = [each for each in near if declared and is_title(each, document) and not is_owner(each)]
    return one_of(here or named, document)


def is_owner(candidate: Candidate) -> bool:
    """Tell whether an organization is the site itself, which many sites name on all their pages."""
    return candidate.is_a(ORGANIZATIONS) and is_site(candidate.entity)


def is_page(candidate: Candidate, document: Document) -> bool | None:
    """Tell whether a node says that its page is this one; None where it says no page."""
    entity = candidate.entity
    of_page = entity.first("mainEntityOfPage")
    told = [entity.url("mainEntityOfPage"), entity.url("url"), entity.page_id]
    if isinstance(of_page, dict) and not told[0]:
        told[0] = entity.of(of_page).url("url")
    verdicts = [is_here(url, document) for url in told if url]
    if True in verdicts or of_page is True:
        return True
    return False if False in verdicts else None


def is_here(url: str, document: Document) -> bool | None:
    """Tell whether `url` is this page; None where it is too vague to tell, or on another host."""
    verdicts = [same_page(url, here) for here in (document.response.url, document.canonical)]
    if True in verdicts:
        return True
    own = urlsplit(url).netloc == urlsplit(document.response.url).netloc
    return False if own and None not in verdicts else None


def is_title(candidate: Candidate, document: Document) -> bool:
    """Tell whether the page is named after a node; a title that begins with the site's name says nothing of it."""
    metas, brands = document.metas, tuple(document.brands)
    titles = [metas.first("og:title"), metas.first("twitter:title"), document.title]
    of_page = [title for title in titles if title and not title.strip().casefold().startswith(brands)]
    told = [words_of(title) for title in [*of_page, *document.headings]]
    begun = tuple(title for title in told if len(title) > BEGINNING_CHARS)
    name = words_of(candidate.name)
    return not told or (name != "" and (any(name in title for title in told) or name.startswith(begun)))


def is_like(candidate: Candidate, document: Document) -> bool:
    """Tell whether a node and the page have a word of a title, a picture, a player or a summary in common."""
    metas, entity = document.metas, candidate.entity
    titles = [*metas.all("og:title"), *metas.all("twitter:title"), document.title or "", *document.headings]
    told = set(words_of(" ".join(titles)).split()) - set(words_of(" ".join(document.brands)).split())
    if any(len(word) > SHORT_WORD_CHARS or not word.isascii() for word in told & set(words_of(candidate.name).split())):
        return True
    urls = [*metas.all(*PICTURES), *metas.all("twitter:player"), *(player.url for player in metas.players())]
    shown = {http_url(url, document.base) for url in urls}
    own = {http_url(url, document.base) for name in SHOWN for url in entity.values(name)}
    summary = line(metas.first("og:description", "description"))
    is_summary = summary is not None and (line(entity.first("description")) or "").startswith(summary)
    return is_summary or bool(shown & own - {None})


def words_of(title: str) -> str:
    """Return a title without case and punctuation, which sites do not write alike everywhere."""
    return " ".join(re.findall(r"\w+", title.casefold())) or title


def has_player(document: Document) -> bool:
    """Tell whether OpenGraph names a player or a file, not only a type."""
    lengths = document.metas.first("video:duration", "og:video:duration")
    return lengths is not None or any(http_url(player.url, document.base) for player in document.metas.players())
