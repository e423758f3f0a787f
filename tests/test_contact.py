from __future__ import annotations

import pytest

from crawler.extensions.contact import Contact
from crawler.spiders.users import UsersSpider


@pytest.mark.parametrize(
    ("contact", "arguments", "warnings"),
    [
        ("", {"url": "https://site.example"}, 1),
        ("https://you.example", {"url": "https://site.example"}, 0),
        ("", {"url": "127.0.0.1:8000,http://localhost:8000/@kim http://[::1]:8000"}, 0),
        ("", {"url": "127.0.0.1:8000,https://site.example"}, 1),
        ("", {"url": "localhost", "seeds": "seeds.txt"}, 1),
        ("", {"url": "127.site.example"}, 1),
        ("", {}, 1),
    ],
)
def test_who_asks_is_to_be_said_where_others_are_asked(
    caplog: pytest.LogCaptureFixture, contact: str, arguments: dict[str, str], warnings: int
) -> None:
    Contact(contact).spider_opened(UsersSpider(**arguments))
    assert len([record for record in caplog.records if "CONTACT_URL is not set" in record.getMessage()]) == warnings
