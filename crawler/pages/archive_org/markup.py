"""The page of an item: what it shows, and the JSON that it has carried in an attribute since 2019."""

from __future__ import annotations

import re
from functools import cached_property

from parsel import Selector

from crawler.errors import NotARecord
from crawler.pages.archive_org import urls
from crawler.pages.archive_org.item import Item
from crawler.pages.base import Response
from crawler.pages.nodes import Node, loaded, node
from crawler.pages.structured import values
from crawler.pages.structured.counts import count
from crawler.pages.structured.document import Document

CARRIED = "js-ia-metadata"
"""Class of the input whose value is what `/metadata/` answers."""
MARKS = (CARRIED, "mediatype", "schema.org/VideoObject", "iconochive-movies", "metadata-definition")
"""What no page of an item lacks all of; looking at one of 20 MB for each field would cost seconds."""
DEFINITIONS = "//dl[contains(@class, 'metadata-definition')]"
FIELDS = {
    "by": "creator", "topics": "subject", "languages": "language", "publication date": "date", "run time": "runtime",
    "addeddate": "addeddate", "publicdate": "publicdate", "identifier": "identifier", "language": "language",
    "mediatype": "mediatype", "runtime": "runtime", "title": "title",
}  # fmt: skip
"""What the page calls the fields of an item."""
LABEL = "DESCRIPTION"
ABOUT_COLLECTION = (
    f"//*[contains(@class, 'about-box')][div[contains(@class, 'micro-label') and normalize-space()='{LABEL}']]"
)
LOOKS_LIKE_A_VIDEO = (
    "//*[contains(@itemtype, 'schema.org/VideoObject')]"
    " | //h1//*[contains(concat(' ', @class, ' '), ' iconochive-movies ')]"
)
"""What pages have that do not say in a `<meta>` of what type the item is."""
MOST_DEFINITIONS = 300
COUNTED = re.compile(r"(\d[\d,]*)\s+(Views?|Reviews?)\b")
TOTAL_VIEWS = re.compile(r"Total Views\s+(\d[\d,]*)")
SAYS = {
    "unavailable": re.compile(
        r"item (?:is )?(?:not|no longer) available|has been (?:removed|taken down)", re.IGNORECASE
    ),
    "not_found": re.compile(r"cannot be found|could not be found|page not found|not found|\b404\b", re.IGNORECASE),
}
"""What the site shows in place of an item."""
HEAD_CHARS = 2_000


class Markup:
    """A page of an item.

    Args:
        response: what the server answered.
    """

    def __init__(self, response: Response) -> None:
        self.response = response
        self.document = Document(response)

    @property
    def selector(self) -> Selector:
        """The page."""
        return self.document.selector

    @cached_property
    def body(self) -> Node:
        """The JSON that the page carries, or one of the same shape with what it shows.

        Raises:
            NotARecord: it shows no item, with the reason.
        """
        if not any(mark in self.response.text for mark in MARKS):
            self.refuse()
        body = self.carried if self.carries else {**self.carried, "metadata": self.shown()}
        if not Item(body).mediatype:
            self.refuse()
        return body

    @cached_property
    def carried(self) -> Node:
        """The JSON that the page carries; empty for none."""
        told = self.selector.xpath("//input[contains(@class, $name)]/@value", name=CARRIED).get()
        return node(loaded(told)) if told else {}

    @property
    def carries(self) -> bool:
        """Whether the page carries the item as JSON."""
        return bool(node(self.carried.get("metadata")))

    def shown(self) -> dict[str, list[str]]:
        """Return the fields that the page shows, by their names."""
        fields: dict[str, list[str]] = {}
        for definition in self.selector.xpath(DEFINITIONS)[:MOST_DEFINITIONS]:
            name = (values.line(definition.xpath("string(dt)").get()) or "").casefold()
            if name in FIELDS:
                texts = definition.xpath("dd//a//text()").getall() or definition.xpath("dd//text()").getall()
                fields.setdefault(FIELDS[name], []).extend(text for one in texts if (text := values.line(one)))
        told = {
            "mediatype": self.selector.xpath("//meta[@property='mediatype']/@content").getall(),
            "collection": self.selector.xpath("//meta[@property='primary_collection']/@content").getall(),
            "title": self.selector.xpath("//h1[not(contains(@class, 'sr-only'))]//*[@itemprop='name']/text()").getall()
            or self.selector.xpath("//*[contains(@class, 'collection-titles')]/h1/text()").getall(),
            "subject": self.selector.xpath("//*[@itemprop='keywords']//a//text()").getall(),
            "licenseurl": self.selector.xpath("//a[@rel='license']/@href").getall(),
            "publicdate": self.uploaded(),
            "identifier": [urls.identifier_of(self.response.url)],
        }
        for name, found in told.items():
            kept = [text for one in found if (text := values.line(one))]
            if kept and not fields.get(name):
                fields[name] = kept
        fields["description"] = [self.description()]
        if not fields.get("mediatype") and self.selector.xpath(LOOKS_LIKE_A_VIDEO):
            fields["mediatype"] = ["movies"]
        return fields

    def uploaded(self) -> list[str]:
        """Return when the item was put into the archive, where the page says it to machines."""
        found = self.selector.xpath("(//*[@itemprop='uploadDate'])[1]")
        return [*found.xpath("@datetime | @content").getall(), *found.xpath("text()").getall()][:1]

    def description(self) -> str:
        """Return the whole text, or that of a collection, with its markup as in the JSON; empty for none."""
        box = self.selector.xpath(ABOUT_COLLECTION).get() or ""
        return self.selector.xpath("//*[@id='descript']").get() or box.partition(LABEL)[2]

    # --- what only the page tells ---

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many views and reviews the page counts, by the first letter."""
        summary = self.selector.xpath("(//section[contains(@class, 'item-stats-summary')])[1]//text()").getall()
        found = {word[0]: count(number) for number, word in COUNTED.findall(" ".join(summary)[:5_000])}
        boxes = self.selector.xpath("//*[contains(@class, 'grafs')]/p/text()").getall()
        totals = (TOTAL_VIEWS.search(box) for box in boxes[:20])
        if "V" not in found and (total := next((one for one in totals if one), None)):
            found["V"] = count(total[1])
        if "V" not in found and (said := self.item_property("userInteractionCount")):
            found["V"] = count(said)
        return {letter: one.value for letter, one in found.items() if one}

    def item_property(self, name: str) -> str | None:
        """Return the first value of a property of the item's microdata."""
        found = self.selector.xpath("(//*[@itemprop=$name])[1]", name=name)
        told = [*found.xpath("@content | @href").getall(), *found.xpath("text()").getall()]
        return values.line(told[0]) if told else None

    @cached_property
    def uploader(self) -> tuple[str, str] | None:
        """Identifier and display name of the account that the item was uploaded or created by."""
        links = self.selector.xpath(
            "//a[contains(@class, 'item-upload-info__uploader-name')]"
            " | //*[contains(@class, 'created-by')]//a[starts-with(@href, '/details/@')][normalize-space()]"
            " | //a[starts-with(@href, '/details/@')][contains(string(..), 'Uploaded by')]"
        )
        for link in links[:5]:
            name = values.line(link.xpath("string()").get())
            account = urls.identifier_of(link.root.get("href", ""))
            if name and account.startswith("@"):
                return account, name
        return None

    def collection_title(self, identifier: str) -> str | None:
        """Return what the page calls one of the item's collections."""
        links = "//*[contains(@class, 'collection-list')]//a[@href=$address]"
        return values.line(self.selector.xpath(f"string({links})", address=f"/details/{identifier}").get())

    @property
    def collection_image(self) -> str | None:
        """The picture of a collection."""
        return values.http_url(self.selector.xpath("//img[@id='file-dropper-img']/@src").get(), self.response.url)

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What the tiles of a collection or an account name: identifier and mediatype."""
        tiles = self.selector.xpath("//*[contains(@class, 'item-ia')][@data-id][@data-mediatype]")
        named = ((tile.root.get("data-id"), tile.root.get("data-mediatype")) for tile in tiles)
        return [(one, mediatype) for one, mediatype in named if urls.IDENTIFIER.fullmatch(one)]

    def refuse(self) -> None:
        """Say why there is no item on a page.

        Raises:
            NotARecord: always.
        """
        texts = self.selector.xpath(
            "(//h1 | //h2 | //*[contains(@class, 'error')])[position() <= 20]//text() | //title/text()"
        ).getall()
        said = (values.line(" ".join(texts)) or "")[:HEAD_CHARS]
        reason = next((reason for reason, pattern in SAYS.items() if pattern.search(said)), "shell")
        raise NotARecord(reason, f"{self.response.url} shows no item: {said[:200]!r}")
