from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from crawler.errors import SettingsError
from crawler.frontier.bounds import FLAGS, NUMBERS, check_settings
from docs.settings_table import settings_of
from tests.crawls import ROOT, crawl


def refusal(**values: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        check_settings(Settings(values))
    return str(caught.value)


def test_the_projects_settings_and_scrapys_own_can_work() -> None:
    check_settings(get_project_settings())
    check_settings(Settings())


@pytest.mark.parametrize("name", [*NUMBERS, "REDIS_PARAMS", "LOG_LEVEL", "CONTACT_URL"])
def test_a_word_where_there_must_be_none_is_refused_by_name(name: str) -> None:
    shown = "…" if name == "REDIS_PARAMS" else "x"  # which may hold a password
    assert refusal(**{name: "x"}).startswith(f"{name} ({shown}) must be ")


@pytest.mark.parametrize("name", FLAGS)
def test_what_is_neither_true_nor_false_is_refused(name: str) -> None:
    assert refusal(**{name: "perhaps"}) == (f"{name} (perhaps) must be True or False: set it so, or leave it out.")


@pytest.mark.parametrize("name", NUMBERS)
def test_too_little_is_refused_with_the_same_words_as_what_is_no_number(name: str) -> None:
    least = NUMBERS[name].least
    assert refusal(**{name: least - 1}).partition(")")[2] == refusal(**{name: "x"}).partition(")")[2]
    check_settings(Settings({name: least}))
    check_settings(Settings({name: str(least)}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RETRY_TIMES", "2.5"),
        ("LOG_LEVEL", "info"),
        ("CONTACT_URL", "you.example"),
        ("CONTACT_URL", "mailto:you"),
    ],
)
def test_what_looks_right_and_cannot_work_is_refused(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} ({value}) must be ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RETRY_TIMES", "3"),
        ("REDIS_PARAMS", '{"socket_timeout": 5}'),
        ("LOG_LEVEL", 10),
        ("CONTACT_URL", "mailto:you@site.example"),
        ("CONTACT_URL", ""),
    ],
)
def test_what_can_work_is_taken(name: str, value: object) -> None:
    check_settings(Settings({name: value}))


def test_every_setting_that_is_a_number_or_a_flag_is_in_the_table() -> None:
    simple = re.compile(r"[\d_.* ]+|True|False")
    source = (ROOT / "crawler" / "settings.py").read_text("utf-8")
    named = {one.name for one in settings_of(source) if simple.fullmatch(one.default)}
    assert named <= NUMBERS.keys() | set(FLAGS)


@pytest.mark.parametrize("scheduler", ["scrapy.core.scheduler.Scheduler", "no.such.Scheduler"])
def test_a_scheduler_that_is_not_the_frontiers_is_refused_and_the_feed_stays(tmp_path: Path, scheduler: str) -> None:
    feed = tmp_path / "records.jsonl"
    feed.write_bytes(b'{"kind": "user"}\n')
    ended = crawl("users", tmp_path, "url=https://site.example", f"SCHEDULER={scheduler}")
    assert f"SCHEDULER ({scheduler}) is not the frontier's: leave it out." in ended.log
    assert "Traceback" not in ended.log
    assert ended.exit_code == 2
    assert feed.read_bytes() == b'{"kind": "user"}\n'


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("BACKOFF_TIMES=x", "x"), ("LOG_LEVEL=foo", "foo"), ("REDIS_PARAMS=foo", "…"), ("CONTACT_URL=x", "x")],
)
def test_a_command_says_it_in_a_sentence_before_anything_starts(tmp_path: Path, setting: str, shown: str) -> None:
    ended = crawl("users", tmp_path, "url=https://site.example", setting)
    assert f"{setting.partition('=')[0]} ({shown}) must be " in ended.log
    assert "Traceback" not in ended.log
    assert ended.exit_code == 2
    assert not (tmp_path / "store").exists()
