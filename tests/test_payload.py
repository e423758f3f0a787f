from __future__ import annotations

import pytest
from redis import Redis
from scrapy import Request, Spider

from crawler.errors import BadPayload
from crawler.frontier.codec import Codec
from crawler.frontier.payload import read, seed_text


class Site(Spider):
    name = "site"

    def read(self, response: object) -> None: ...


SITE = Site()


URL = "https://videos.example/w/1"
WITH_A_SEED = Codec(SITE).encode(Request(URL, callback=SITE.read, meta={"seed": URL}), "a")
NO_SEEDS = [b'{"v":1,"seed":5,"s":""}', b'{"v":2,"seed":"x","s":""}', b'{"v":1,"seed":"x"}', b'"seed"', b'{"seed"']
NO_SEEDS += [
    b'{"v":1,"seed":"x","s":"","u":"https://a"}',
    WITH_A_SEED,
]
BYTES = [(b'{"v":1,"seed":"\xff","s":""}', "\ufffd"), (rb'{"v":1,"seed":"\ud800","s":""}', "?")]


@pytest.mark.parametrize(("payload", "text"), [*BYTES, *((payload, None) for payload in NO_SEEDS)])
def test_a_seed_of_another_program_is_told_by_its_form(payload: bytes, text: str | None) -> None:
    assert seed_text(payload) == text


@pytest.mark.parametrize("text", ["", 'https://a.example/ü?a=/\\"', '{"url": "https://a.example"}', "\x00\x7f\u2028"])
def test_a_seed_is_read_as_redis_writes_it_and_is_no_request(valkey: str, text: str) -> None:
    with Redis.from_url(valkey) as server:
        payload = server.eval('return cjson.encode({v = 1, s = "", seed = ARGV[1]})', 0, text)
    assert seed_text(payload) == text
    with pytest.raises(BadPayload, match="unknown_field"):
        read(payload)
