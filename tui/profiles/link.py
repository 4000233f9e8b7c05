"""How a profile connects: whom it believes, and through which proxy."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.storage.profiles import DIRECT, ProfileSettings

if TYPE_CHECKING:
    import httpx


class Link(NamedTuple):
    """`proxy` is None where the environment decides, and empty for none at all."""

    ca_file: Path | None = None
    proxy: str | None = None
    verify: bool = True

    def opener(self, url: str) -> "Callable[[], httpx.AsyncClient]":
        """Makes HTTP clients of one connection each, for this place. Loads httpx, which costs 60 ms."""
        from tui.codearts.client import http_client

        return partial(http_client, url, self.ca_file, proxy=self.proxy, verify=self.verify)


def link_of(settings: ProfileSettings, file: Callable[[str], Path]) -> Link:
    return Link(
        file(settings.ca_file) if settings.ca_file else None,
        None if not settings.proxy else "" if settings.proxy == DIRECT else settings.proxy,
        not settings.unverified,
    )


def warning_of(settings: ProfileSettings) -> str:
    """What the screen says as long as it is open; empty where all is well."""
    if not settings.unverified:
        return ""
    return "Whoever answers is believed, since TLS verification is off: anyone on the way can read the token."
