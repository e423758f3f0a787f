"""Traps of real pages; whole pages are in `fixtures/schema.org`, broken ones in `test_broken_pages.py`."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from crawler.errors import NotARecord
from crawler.items import Video
from crawler.pages.structured import StructuredPage
from tests.web_page import URL, VIDEO, html, one, page


def reason(source: str, url: str = URL, status: int = 200) -> str:
    with pytest.raises(NotARecord) as refusal:
        list(page(source, url, status).records())
    return refusal.value.reason


def urls(source: str, url: str = URL) -> list[str]:
    return [link.url for link in page(source, url).links()]


def test_it_reads_what_no_other_page_does() -> None:
    assert isinstance(page(""), StructuredPage)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, "private"), (403, "forbidden"), (404, "not_found"), (410, "deleted"), (451, "http_451")],
)
def test_an_http_error_says_why_there_is_no_record(status: int, expected: str) -> None:
    assert reason(html(VIDEO), status=status) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Video unavailable", "unavailable"),
        ("This video is private", "private"),
        ("This video has been removed by the user", "deleted"),
        ("404 Not Found", "not_found"),
        ("Seite nicht gefunden - Site", "not_found"),
        ("Log in | Site", "login"),
        ("Confirm your age", "age"),
        ("Before you continue to Site", "consent"),
        ("Just a moment...", "blocked"),
        ("Password required", "password"),
    ],
)
def test_an_interstitial_says_why_it_is_no_record(title: str, expected: str) -> None:
    assert reason(f"<title>{title}</title><meta property='og:site_name' content='Site'><a href=/>x</a>") == expected


@pytest.mark.parametrize("url", ["https://site.example/login?next=/watch/7", "https://accounts.site.example/x"])
def test_a_page_that_was_redirected_to_the_log_in_is_no_record(url: str) -> None:
    assert reason(html(VIDEO), url) == "login"


def test_a_video_named_like_an_interstitial_is_a_video() -> None:
    assert one(html(VIDEO | {"name": "404 Not Found"})).title == "404 Not Found"


def test_the_site_wide_title_makes_no_record() -> None:
    head = '<meta property="og:site_name" content="Site"><meta property="og:type" content="video">'
    assert reason(html(VIDEO | {"name": "Site"}, head=head)) == "shell"


def test_an_exact_count_of_another_syntax_beats_a_rounded_one() -> None:
    rounded = VIDEO | {"interactionCount": "1.2K"}
    item = (
        '<div itemscope itemtype="https://schema.org/VideoObject"><meta itemprop="name" content="Kites">'
        f'<link itemprop="url" href="{URL}"><meta itemprop="interactionCount" content="1234"></div>'
    )
    assert one(html(rounded)).approximate == ["view_count"]
    record = one(html(rounded, body=item))
    assert (record.view_count, record.approximate) == (1234, None)


def test_counters_that_contradict_each_other_are_left_out() -> None:
    counters = [{"interactionType": "WatchAction", "userInteractionCount": number} for number in (5, 6)]
    assert one(html(VIDEO | {"interactionStatistic": counters})).view_count is None


def test_a_publisher_that_is_the_site_is_no_uploader() -> None:
    site = '<meta property="og:site_name" content="Site TV">'
    assert one(html(VIDEO | {"publisher": {"@type": "Organization", "name": "Site TV"}}, head=site)).uploader is None
    assert (
        one(html(VIDEO | {"publisher": {"@type": "Organization", "name": "Kite Club"}}, head=site)).uploader
        == "Kite Club"
    )


def test_the_largest_picture_is_taken_where_each_has_its_size_in_its_name() -> None:
    sizes = [f"https://site.example/1-{size}.jpg" for size in ("80x45", "640x360", "320x180")]
    assert one(html(VIDEO | {"thumbnailUrl": sizes})).thumbnail == sizes[1]
    whole = "https://site.example/1.jpg"
    assert one(html(VIDEO | {"thumbnailUrl": [whole, *sizes]})).thumbnail == whole


def test_an_address_is_no_name() -> None:
    record = one(html(VIDEO | {"author": {"@type": "Person", "name": "https://site.example/@kim", "url": "/@kim"}}))
    assert (record.uploader, record.uploader_url) == (None, "https://site.example/@kim")


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        (" | Site", "Kites"),
        (" - site.example", "Kites"),
        (" - Part 2", "Kites - Part 2"),
        (" - My Site", "Kites - My Site"),
    ],
)
def test_only_the_sites_own_suffix_is_cut_from_a_title(suffix: str, expected: str) -> None:
    head = '<meta property="og:site_name" content="Site">'
    assert one(html(VIDEO | {"name": "Kites" + suffix}, head=head)).title == expected


@pytest.mark.parametrize("canonical", ["null", "/", "https://site.example/login", "javascript:1", "/watch", ""])
def test_a_canonical_that_is_another_page_is_ignored(canonical: str) -> None:
    assert one(html(VIDEO, head=f'<link rel="canonical" href="{canonical}">')).id == URL


def test_a_canonical_without_the_videos_parameter_is_ignored() -> None:
    url = "https://site.example/watch?v=abc"
    assert one(html(VIDEO | {"url": url}, head='<link rel="canonical" href="/watch">'), url).url == url


@pytest.mark.parametrize("tag", ['<link rel="canonical" href="{}">', '<meta property="og:url" content="{}">'])
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("/watch?film=77", "/watch"),
        ("/watch?77", "/watch"),
        ("/watch?film=77", "/watch?film=7"),
        ("/watch?film=7", "/watch/77"),
        ("/watch?cat=3&film=77", "/watch?cat=3"),
        ("/watch?film=77&utm_source=mail", "/watch"),
        ("/?film=77", "/"),
    ],
)
def test_an_address_that_says_less_than_the_one_that_was_read_is_ignored(tag: str, asked: str, told: str) -> None:
    site = "https://site.example"
    record = one(html({"@type": "VideoObject", "name": "Kites"}, head=tag.format(told)), site + asked)
    assert record.id == record.url == site + asked.removesuffix("&utm_source=mail")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("/watch?film=77&utm_source=mail&fbclid=x", "/watch?film=77"),
        ("/watch?film=77&ref=home&feature=share&si=x", "/watch?film=77"),
        ("/watch?v=abc&mix=12", "/watch?v=abc"),
        ("/watch.php?film=77", "/film/77-kites"),
        ("/watch?film=a%20b", "/film/a%20b"),
        ("/watch?film=77", "/watch?film=77&utm_campaign=own"),
        ("/watch/7?empty=", "/watch/7"),
    ],
)
def test_a_canonical_that_still_says_which_video_it_is_is_taken(asked: str, told: str) -> None:
    source = html(VIDEO | {"url": told}, head=f'<link rel="canonical" href="{told}">')
    assert one(source, f"https://site.example{asked}").id == f"https://site.example{told.partition('&')[0]}"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/watch?utm_source=mail&film=77&a=%7e&UTM_medium=x&_ga=1", "/watch?film=77&a=%7e"),
        ("/watch?fbclid=x", "/watch"),
        ("/watch?ref=77&si=8&feature=9", "/watch?ref=77&si=8&feature=9"),
        ("/watch?b=2&&a=1;gclid=2", "/watch?b=2&&a=1;gclid=2"),
    ],
)
def test_only_tracking_is_cut_from_the_address_of_a_page_without_a_canonical(asked: str, expected: str) -> None:
    asked = f"https://site.example{asked}"
    record = one(html({"@type": "VideoObject", "name": "Kites"}), asked)
    assert (record.id, record.fetched_from) == (f"https://site.example{expected}", asked)


def test_of_videos_with_one_path_the_one_with_the_pages_parameters_is_taken() -> None:
    film, other, vague = (
        VIDEO | {"name": name, "url": f"https://site.example/watch{query}"}
        for name, query in (("Kites", "?film=77&utm_source=x"), ("Other", "?film=78"), ("Site", ""))
    )
    record = one(html(vague, other, film), "https://site.example/watch?film=77")
    assert (record.title, record.id) == ("Kites", "https://site.example/watch?film=77")


def test_a_url_of_structured_data_that_says_less_than_the_pages_neither_names_nor_refuses_the_video() -> None:
    source = html(VIDEO | {"url": "https://site.example/watch"}, head="<title>Kites</title>")
    assert one(source, "https://site.example/watch?film=77").id == "https://site.example/watch?film=77"
    other = html(VIDEO | {"url": "https://site.example/watch?film=78"}, head="<title>Kites</title>")
    assert list(page(other, "https://site.example/watch?film=77").records()) == []


def test_a_home_page_is_one_with_tracking_too() -> None:
    assert list(page(html(VIDEO), "https://site.example/?utm_source=mail").records()) == []


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"startDate": "2026-01-01T01:00:00Z"}, "is_upcoming"),
        ({"startDate": "2025-12-31T23:00:00Z"}, "is_live"),
        ({"startDate": "2025-12-30T20:00:00Z", "endDate": "2025-12-30T21:00:00Z"}, "was_live"),
        ({"isLiveBroadcast": False}, None),
    ],
)
def test_a_broadcast_tells_whether_it_is_live(event: dict[str, Any], status: str | None) -> None:
    publication = {"@type": "BroadcastEvent", "isLiveBroadcast": True} | event
    assert one(html(VIDEO | {"publication": [publication]})).live_status == status


@pytest.mark.parametrize(
    ("start", "length", "status", "seconds"),
    [
        ("2025-12-20T20:00:00Z", "PT2H", None, 7200),
        ("2025-12-31T20:00:00Z", "PT2H", "is_live", None),
        ("2025-12-20T20:00:00Z", None, "is_live", None),
    ],
)
def test_a_broadcast_whose_length_is_long_over_is_not_said_to_run(
    start: str, length: str | None, status: str | None, seconds: float | None
) -> None:
    publication = {"@type": "BroadcastEvent", "isLiveBroadcast": True, "startDate": start}
    record = one(html(VIDEO | {"publication": publication, "duration": length}))
    assert (record.live_status, record.duration) == (status, seconds)


def test_the_times_of_a_broadcast_are_of_the_sites_own_zone() -> None:
    publication = {"@type": "BroadcastEvent", "isLiveBroadcast": True, "startDate": "2026-01-01T08:30:00"}
    assert one(html(VIDEO | {"publication": publication}, lang="ja")).live_status == "is_live"
    ended = publication | {"startDate": "2026-01-01T06:00:00", "endDate": "2026-01-01T07:00:00"}
    assert one(html(VIDEO | {"publication": ended}, lang="ja")).live_status == "was_live"


def test_the_video_that_the_page_is_about_is_taken_among_others() -> None:
    related = VIDEO | {"name": "Other", "url": "https://site.example/watch/8"}
    assert one(html(related, VIDEO)).title == "Kites"


@pytest.mark.parametrize("kind", ["NewsArticle", "Product", "Recipe", "BlogPosting"])
def test_a_page_about_something_else_has_no_video(kind: str) -> None:
    about = {"@type": kind, "name": "Kites", "video": VIDEO}
    assert list(page(html(about, VIDEO, head="<title>Kites</title>")).records()) == []


def test_a_site_wide_title_does_not_hide_the_pages_one_video() -> None:
    video = '{"@type": "VideoObject", "name": "Kites", "uploadDate": "", "uploadDate": "2016-05-01", "actor": "Kim"}'
    head = '<title>Site Video - The best videos</title><link rel="canonical" href="null">'
    record = one(html(head=f'{head}<script type="application/ld+json">{video}</script>'))
    assert (record.title, record.published_at, record.uploader) == ("Kites", "2016-05-01T00:00:00Z", "Kim")


def test_two_videos_without_an_address_make_no_record() -> None:
    one_of, other = ({"@type": "VideoObject", "name": name} for name in ("A", "B"))
    assert list(page(html(one_of, other, head="<title>A and B</title>")).records()) == []


def test_a_person_whose_address_is_the_page_is_a_user() -> None:
    person = {"@type": "Person", "name": "Kim", "url": "https://site.example/@kim", "image": "/kim.png"}
    user = one(html(person), "https://site.example/@kim")
    assert (user.kind, user.username, user.avatar_url) == ("user", "kim", "https://site.example/kim.png")


def test_the_author_of_an_article_makes_no_user() -> None:
    article = {"@type": "Article", "author": {"@id": "#kim"}}
    author = {"@type": "Person", "@id": "#kim", "name": "Kim"}
    assert list(page(html({"@graph": [article, author]}), "https://site.example/a/kites").records()) == []


def test_videos_are_counted_only_where_they_are_said_to_be_videos() -> None:
    def counted(what: dict[str, Any]) -> Any:
        profile = {
            "@type": "ProfilePage",
            "mainEntity": {"@type": "Person", "name": "Kim", "agentInteractionStatistic": what},
        }
        return one(html(profile), "https://site.example/@kim").video_count

    assert counted({"interactionType": "WriteAction", "userInteractionCount": 9}) is None
    made = {"@type": "CreateAction", "object": {"@type": "VideoObject"}}
    assert counted({"interactionType": made, "userInteractionCount": 9}) == 9


@pytest.mark.parametrize(
    "content_type", ["application/pdf", "image/png", "video/mp4", "application/json", "text/plain"]
)
def test_what_is_no_html_has_neither_records_nor_links(content_type: str) -> None:
    other = page(html(VIDEO, body="<a href=/a>a</a>"), headers={"content-type": content_type})
    assert (list(other.records()), list(other.links())) == ([], [])


def test_the_encoding_of_a_page_is_the_one_that_it_declares() -> None:
    source = html(VIDEO | {"name": "x"}, head='<meta charset="iso-8859-1">').replace('"name": "x"', '"name": "Käfer"')
    (record,) = page(source.encode("latin-1"), headers={"content-type": "text/html"}).records()
    assert isinstance(record, Video)
    assert record.title == "Käfer"


def test_each_address_is_followed_once_and_only_on_the_pages_host() -> None:
    body = """
      <a href="/a">1</a> <a href="/a#top">2</a> <a href="https://site.example/a">3</a> <a href="//other.example/b">4</a>
      <a href="/c" rel="nofollow">5</a> <a href="/d.PDF">6</a> <a href="/logout">7</a> <a href="tel:1">8</a>
      <a href="/e" rel="author">9</a> <a href="#x">10</a> <a href="/watch/7">self</a>"""
    assert [(link.url, link.kind) for link in page(html(body=body)).links()] == [
        ("https://site.example/a", "listing"),
        ("https://site.example/e", "user"),
    ]


def test_the_base_of_a_page_is_obeyed() -> None:
    assert urls(html(head='<base href="/deep/">', body='<a href="a">a</a>')) == ["https://site.example/deep/a"]


def test_a_page_that_asks_robots_not_to_follow_is_not_followed() -> None:
    assert urls(html(head='<meta name="robots" content="noindex, nofollow">', body='<a href="/a">a</a>')) == []


def test_at_most_a_thousand_links_of_a_page_are_followed() -> None:
    assert len(urls(html(body="".join(f"<a href=/{number}>.</a>" for number in range(3000))))) == 1000


def test_a_home_page_leads_to_the_sitemap_last() -> None:
    *_, last = page(html(body="<a href=/a>a</a>"), "https://site.example/").links()
    assert (last.url, last.priority) == ("https://site.example/sitemap.xml", -10)


SITEMAP = (
    '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>{}</loc></sitemap></sitemapindex>'
)


def test_a_gzipped_sitemap_index_is_read() -> None:
    body = gzip.compress(SITEMAP.format("https://site.example/sitemap-1.xml").encode())
    index = page(body, "https://site.example/sitemap.xml.gz", headers={"content-type": "application/gzip"})
    assert [link.url for link in index.links()] == ["https://site.example/sitemap-1.xml"]


def test_entities_of_a_sitemap_are_not_expanded() -> None:
    declared = '<!DOCTYPE x [<!ENTITY a "https://site.example/evil"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    for name in ("a", "f"):
        index = page(declared + SITEMAP.format(f"&{name};"), "https://site.example/sitemap.xml", headers={})
        assert list(index.links()) == []
