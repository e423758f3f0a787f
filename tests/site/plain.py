"""An ordinary video site: HTML with structured data, navigation, and the errors that sites have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.site.answers import XML, Answer, Asked
from tests.site.catalogue import Catalogue
from tests.site.html import anchor, document, json_ld, link, meta
from tests.site.model import CATEGORIES, Video
from tests.site.plain_records import PlainRecords
from tests.site.quirks import Kind, Quirks
from tests.site.words import slug

Row = TypeVar("Row")
ROWS = 20
ELSEWHERE = "https://elsewhere.example/v/1"
FORBIDDEN = frozenset({"/private/", "/private/draft"})
"""Linked from every list, forbidden by robots.txt."""
ODDITIES = {
    "/gone": "404",
    "/broken": "500, always",
    "/v/deleted": "a soft 404: 200, and says that there is no such video",
    "/consent": "200, a consent form",
    "/moved/1": "a chain of redirects to a video",
    "/loop/1": "a loop of redirects",
    "/files/talk.pdf": "a PDF",
    "/slow": "an answer that takes long",
}
NAVIGATION = {"/": "Home", "/videos": "Videos", "/people": "People", "/about": "About"}


class Plain:
    """Serves the listed local videos of a catalogue and the accounts that are not hidden."""

    def __init__(self, catalogue: Catalogue, quirks: Quirks, base: str) -> None:
        self.base, self.quirks = base, quirks
        self.videos = [video for video in catalogue.listed_videos if video.is_local]
        self.people = [account for account in catalogue.local_accounts if not account.hidden]
        self.records = PlainRecords(base)
        self.videos_of: defaultdict[str, list[Video]] = defaultdict(list)
        for video in self.videos:
            self.videos_of[video.account.name].append(video)
        self.video_at = {video.short: (number, video) for number, video in enumerate(self.videos)}
        self.person_at = {account.name: account for account in self.people}
        self.categories = {slug(label): number for number, label in CATEGORIES.items()}
        self.routes: list[tuple[re.Pattern[str], Callable[..., Answer]]] = [
            (re.compile(path), method)
            for path, method in (
                (r"/", self.home),
                (r"/about", lambda _asked: self.page("About", ["<p>A site for tests.</p>"])),
                (r"/videos(?:/page/(\d+))?", self.video_list),
                (r"/category/([\w-]+)(?:/page/(\d+))?", self.category),
                (r"/people(?:/page/(\d+))?", self.people_list),
                (r"/u/([\w-]+)(?:/page/(\d+))?", self.person),
                (r"/v/(\w+)", self.video),
                (r"/watch", lambda asked: self.video(asked, asked.query.get("v", ""))),
                (r"/moved/(\d)", self.moved),
                (r"/loop/(\d)", self.loop),
                (r"/robots\.txt", self.robots),
                (r"/sitemap\.xml", self.sitemap_index),
                (r"/sitemap-(videos|people)\.xml", self.sitemap),
                (r"/(gone|broken|consent|slow|files/talk\.pdf|private/\w*)", self.odd),
            )
        ]

    def kind(self, _asked: Asked) -> Kind:
        """All requests are on one counter."""
        return "html"

    def answer(self, asked: Asked) -> Answer:
        for pattern, method in self.routes:
            if match := pattern.fullmatch(asked.path):
                return method(asked, *match.groups())
        return self.missing()

    def page(self, title: str, body: Sequence[str], head: Sequence[str] = (), status: int = 200) -> Answer:
        """Any page: the site's navigation and its OpenGraph name, which says nothing of the page."""
        menu = "".join(anchor(path, label) for path, label in NAVIGATION.items())
        named = [meta("og:site_name", "Plain Tube"), *head]
        return Answer(document(f"{title} | Plain Tube", named, [f"<nav>{menu}</nav>", *body]), status)

    def missing(self) -> Answer:
        return self.page("Not found", ["<h1>Not found</h1>"], status=404)

    def home(self, _asked: Asked) -> Answer:
        site = {"@context": "https://schema.org", "@type": "WebSite", "name": "Plain Tube", "url": f"{self.base}/"}
        categories = [anchor(f"/category/{name}", CATEGORIES[number]) for name, number in self.categories.items()]
        odd = [anchor(path, path) for path in (*ODDITIES, ELSEWHERE, *sorted(FORBIDDEN))]
        return self.page("Home", ["<h1>Plain Tube</h1>", *categories, *odd], [json_ld(site)])

    def video_list(self, _asked: Asked, number: str | None) -> Answer:
        return self.listing("Videos", "/videos", self.videos, number)

    def category(self, _asked: Asked, name: str, number: str | None) -> Answer:
        if name not in self.categories:
            return self.missing()
        rows = [video for video in self.videos if video.category == self.categories[name]]
        return self.listing(CATEGORIES[self.categories[name]], f"/category/{name}", rows, number)

    def listing(self, title: str, path: str, rows: Sequence[Video], number: str | None) -> Answer:
        """A page of a list of videos: an ItemList, links, one of ten by the second address, `rel=next`."""
        shown, head, foot = page_of(path, rows, number)
        if not shown and number:
            return self.missing()
        items = [
            {"@type": "ListItem", "position": n, "url": self.records.video_url(one)} for n, one in enumerate(shown, 1)
        ]
        data = {"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items}
        links = [anchor(f"/watch?v={one.short}" if one.id % 10 == 0 else f"/v/{one.short}", one.name) for one in shown]
        return self.page(
            title, [f"<h1>{title}</h1>", *links, *foot, anchor("/private/", "Drafts")], [json_ld(data), *head]
        )

    def people_list(self, _asked: Asked, number: str | None) -> Answer:
        shown, head, foot = page_of("/people", self.people, number)
        links = [anchor(f"/u/{one.name}", one.display_name) for one in shown]
        return self.page("People", ["<h1>People</h1>", *links, *foot], head) if shown else self.missing()

    def person(self, _asked: Asked, name: str, number: str | None) -> Answer:
        account = self.person_at.get(name)
        if account is None:
            return self.missing()
        rows = self.videos_of[name]
        shown, head, foot = page_of(f"/u/{name}", rows, number)
        if not shown and number:
            return self.missing()
        record = self.records.person(account, len(rows))
        links = [anchor(f"/v/{one.short}", one.name) for one in shown]
        return self.page(account.display_name, [*record.body, *links, *foot], [*record.head, *head])

    def video(self, _asked: Asked, short: str) -> Answer:
        if short == "deleted":
            return self.page("Plain Tube", ["<h1>This video does not exist</h1>"], [meta("og:title", "Plain Tube")])
        if short not in self.video_at:
            return self.missing()
        record = self.records.video(*self.video_at[short])
        author = self.video_at[short][1].account
        foot = [anchor(f"/u/{author.name}", author.display_name, "author"), anchor(ELSEWHERE, "Elsewhere")]
        return self.page(record.title, [*record.body, *foot], record.head)

    def moved(self, _asked: Asked, step: str) -> Answer:
        """Three redirects, then a video."""
        target = f"/moved/{int(step) + 1}" if int(step) < 3 else f"/v/{self.videos[0].short}"
        return Answer("", 301 if step == "1" else 302, headers={"Location": target})

    def loop(self, _asked: Asked, step: str) -> Answer:
        return Answer("", 302, headers={"Location": "/loop/2" if step == "1" else "/loop/1"})

    def odd(self, _asked: Asked, name: str) -> Answer:
        if name == "files/talk.pdf":
            return Answer(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", content_type="application/pdf")
        if name == "broken":
            return self.page("Error", ["<h1>Something went wrong</h1>"], status=500)
        if name == "consent":
            form = '<form action="/consent" method="post"><button>Accept all</button></form>'
            return self.page("Before you continue", [form], [meta("og:title", "Before you continue")])
        if name == "slow":
            slow = self.page("Slow", ["<p>That took long.</p>"])
            return Answer(slow.body, wait_ms=self.quirks.slow_page_ms)
        return self.missing() if name == "gone" else self.page("Drafts", [anchor("/private/draft", "A draft")])

    def robots(self, _asked: Asked) -> Answer:
        return self.quirks.robots("Disallow: /private/", f"Sitemap: {self.base}/sitemap.xml")

    def sitemap_index(self, _asked: Asked) -> Answer:
        parts = "".join(
            f"<sitemap><loc>{self.base}/sitemap-{part}.xml</loc></sitemap>" for part in ("videos", "people")
        )
        return xml("sitemapindex", parts)

    def sitemap(self, _asked: Asked, part: str) -> Answer:
        """Every second video: a sitemap alone is not enough."""
        videos = [self.records.video_url(video) for video in self.videos[::2]]
        urls = videos if part == "videos" else [self.records.person_url(account) for account in self.people]
        return xml("urlset", "".join(f"<url><loc>{url}</loc></url>" for url in urls))


def xml(root: str, inner: str) -> Answer:
    names = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?><{root} {names}>{inner}</{root}>', content_type=XML)


def page_of(path: str, rows: Sequence[Row], number: str | None) -> tuple[Sequence[Row], list[str], list[str]]:
    """Return the rows of a page, 20 each, and the links to the next one, for the head and for the foot."""
    page = int(number or 1)
    shown, after = rows[(page - 1) * ROWS : page * ROWS], f"{path}/page/{page + 1}"
    if page * ROWS >= len(rows):
        return shown, [], []
    return shown, [link("next", after)], [anchor(after, "More", "next")]
