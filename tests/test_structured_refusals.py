"""Pages that say, in one language or another, that there is no video, though they show a player."""

from __future__ import annotations

import pytest

from crawler.errors import NotARecord
from tests.web_page import html, page


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Vidéo privée", "private"),
        ("Dieses Video ist privat", "private"),
        ("Video no longer exists", "deleted"),
        ("Cette vidéo a été supprimée", "deleted"),
        ("Dieses Video wurde entfernt", "deleted"),
        ("この動画は削除されました", "deleted"),
        ("视频已被删除", "deleted"),
        ("Видео удалено", "deleted"),
        ("Vídeo no disponible", "unavailable"),
        ("Ce contenu n\u2019est plus disponible", "unavailable"),
        ("Dieses Video ist nicht mehr verfügbar.", "unavailable"),
        ("Este vídeo já não está disponível", "unavailable"),
        ("此视频不可用", "unavailable"),
        ("동영상을 사용할 수 없음", "unavailable"),
        ("503 Service Temporarily Unavailable", "unavailable"),
        ("Bad Gateway", "unavailable"),
        ("Das Video privater Räume", None),
        ("Видео удалённых миров", None),
        ("Why this vídeo is no disponible", None),
    ],
)
def test_a_player_under_a_sentence_that_says_there_is_no_video_is_no_record(title: str, expected: str | None) -> None:
    head = f'<meta property="og:type" content="video.other"><meta property="og:title" content="{title}">'
    player = page(html(head=head + '<meta property="og:video" content="/embed/7">'))
    if expected is None:
        assert len(list(player.records())) == 1
        return
    with pytest.raises(NotARecord) as refusal:
        list(player.records())
    assert refusal.value.reason == expected
