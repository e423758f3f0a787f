"""Where yt-dlp is asked, as the settings choose it, and what is to be done where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, cast

from crawler.errors import SettingsError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

Mode = Literal["auto", "never", "always"]
MODES = ("auto", "never", "always")
INSTALL = "pip install -r requirements-ytdlp.txt"


@dataclass(frozen=True)
class Choice:
    """What YTDLP and YTDLP_HOSTS say.

    Attributes:
        mode: for hosts that have none of their own.
        hosts: mode by host name, lower case; it is that of the subdomains too.
    """

    mode: Mode = "auto"
    hosts: Mapping[str, Mode] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Choice:
        """Read the settings.

        Raises:
            SettingsError: one is none of the modes.
        """
        mode = str(settings.get("YTDLP") or "auto")
        if mode not in MODES:
            raise SettingsError(f"YTDLP ({mode}) must be one of {', '.join(MODES)}: set it so, or leave it out.")
        try:
            hosts = {str(host).lower(): str(one) for host, one in settings.getdict("YTDLP_HOSTS").items()}
        except (TypeError, ValueError):
            hosts = {"": ""}
        if not set(hosts.values()) <= set(MODES):
            raise SettingsError(
                f"YTDLP_HOSTS ({settings.get('YTDLP_HOSTS')}) must name one of {', '.join(MODES)} for each host, such "
                'as {"site.example": "never"}: set it so, or leave it out.'
            )
        return cls(cast("Mode", mode), cast("dict[str, Mode]", hosts))

    def of(self, host: str) -> Mode:
        """Return the mode of a host name: its own, else that of the nearest domain above it, else that of all."""
        labels = host.lower().split(".")
        names = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self.hosts[name] for name in names if name in self.hosts), self.mode)

    @property
    def demands(self) -> bool:
        """Whether yt-dlp must be there."""
        return "always" in {self.mode, *self.hosts.values()}


def is_installed() -> bool:
    """Tell whether yt-dlp is there, without importing it."""
    return find_spec("yt_dlp") is not None


def check_ytdlp(settings: BaseSettings) -> None:
    """Check that yt-dlp is there where the settings demand it.

    Raises:
        SettingsError: it is not, or a setting cannot work.
    """
    if Choice.from_settings(settings).demands and not is_installed():
        raise SettingsError(
            f"YTDLP or YTDLP_HOSTS says always, and yt-dlp is not installed: run `{INSTALL}`, or say auto or never."
        )
