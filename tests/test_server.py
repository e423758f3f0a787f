from __future__ import annotations

from pathlib import Path

import pytest

from crawler.errors import StoreError
from crawler.frontier.server import why_it_died
from crawler.frontier.store import EmbeddedStore


def test_a_server_that_could_say_nothing_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "valkey.log").write_text("an earlier line\n")
    sentence = why_it_died(tmp_path, (tmp_path / "valkey.log").stat().st_size)
    assert sentence.startswith(f"The store's server ended while it started, and could not say why in {tmp_path}/valkey")
    assert "says:" not in sentence


def test_the_last_words_of_a_server_are_quoted(tmp_path: Path) -> None:
    (tmp_path / "valkey.log").write_text("Bad file format\n")
    assert "says:\n    Bad file format\n" in why_it_died(tmp_path, 0)


def test_a_file_in_place_of_the_store_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    with pytest.raises(StoreError, match=r"store is a file: choose a folder"), EmbeddedStore(tmp_path / "store"):
        pass
