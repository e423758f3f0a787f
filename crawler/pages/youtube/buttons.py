"""The numbers on the buttons of a video's page: likes, dislikes, comments. Only those told to the digit."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.pages.nodes import Node, dig, node, nodes, whole
from crawler.pages.structured.counts import count
from crawler.pages.youtube import numbers
from crawler.pages.youtube.state import all_named, first_named, label_of, text_of

COMMENT_PANELS = frozenset({"comment-item-section", "engagement-panel-comments-section"})
LIKE, DISLIKE = "LIKE", "DISLIKE"


class Buttons:
    """The buttons below the player, in the forms of the years, or those beside a short."""

    def __init__(self, data: Node, contents: list[Node]) -> None:
        self.data = data
        self.contents = contents
        primary = (dig(part, "videoPrimaryInfoRenderer", "videoActions", "menuRenderer") for part in contents)
        self.menu = next((node(one) for one in primary if one), {})
        self.overlay = node(dig(data, "overlay", "reelPlayerOverlayRenderer"))

    def likes(self) -> int | None:
        """Return the likes."""
        return self.number_of(LIKE)

    def dislikes(self) -> int | None:
        """Return the dislikes."""
        return self.number_of(DISLIKE)

    def number_of(self, icon: str) -> int | None:
        """Return the number on the buttons with an icon; None where two of them contradict each other."""
        told = [*self.of_models(icon), *self.of_renderers(icon), self.of_overlay(icon)]
        found = {number for number in told if number is not None}
        return found.pop() if len(found) == 1 else None

    def of_models(self, icon: str) -> Iterator[int | None]:
        """Yield what the buttons say that pages have since 2023."""
        model = first_named([self.menu, self.overlay], f"{icon.casefold()}ButtonViewModel")
        for _, button in all_named(model, "defaultButtonViewModel"):
            one = node(dig(button, "buttonViewModel"))
            yield numbers.only_number(text_of(one.get("accessibilityText")), text_of(one.get("title")))

    def of_renderers(self, icon: str) -> Iterator[int | None]:
        """Yield what the buttons say that pages had from 2018 to 2023."""
        for _, button in all_named(self.menu, "toggleButtonRenderer"):
            if dig(button, "defaultIcon", "iconType") == icon:
                text = button.get("defaultText")
                yield numbers.only_number(label_of(text), text_of(text))

    def of_overlay(self, icon: str) -> int | None:
        """Return what is beside a short."""
        return whole(dig(self.overlay, "likeButton", "likeButtonRenderer", f"{icon.casefold()}Count"))

    def comments(self, language: str) -> int | None:
        """Return the comments; a rounded number such as `684K` is none."""
        found = count(text_of(self.comments_text()), language)
        if found is None or found.approximate:
            button = node(dig(self.overlay, "viewCommentsButton", "buttonRenderer"))
            return numbers.only_number(label_of(button.get("text")), text_of(button.get("text")))
        return found.value

    def comments_text(self) -> object:
        """Return what is printed beside the word for comments."""
        for panel in nodes(self.data.get("engagementPanels")):
            one = node(dig(panel, "engagementPanelSectionListRenderer"))
            if str(one.get("panelIdentifier")) in COMMENT_PANELS:
                return dig(one, "header", "engagementPanelTitleHeaderRenderer", "contextualInfo")
        return first_named(self.contents, "commentsEntryPointHeaderRenderer").get("commentCount")
