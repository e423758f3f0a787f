"""Which feeds are local files."""

from __future__ import annotations

from w3lib.url import file_uri_to_path


def local_path(uri: str) -> str | None:
    """Return the path of a feed that is a local file; None for standard output and other storages."""
    path = file_uri_to_path(uri) if uri.startswith("file:") else uri
    return None if "://" in path or path.startswith("stdout:") else path
