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
        ("La vidéo a été supprimée par son auteur", "deleted"),
        ("Este video ha sido eliminado", "deleted"),
        ("Questo video è stato rimosso", "deleted"),
        ("Este vídeo foi removido", "deleted"),
        ("Deze video is verwijderd", "deleted"),
        ("Ten film został usunięty", "deleted"),
        ("Bu video silindi", "deleted"),
        ("Відео видалено", "deleted"),
        ("Video telah dihapus", "deleted"),
        ("影片已被移除", "deleted"),
        ("동영상이 삭제되었습니다", "deleted"),
        ("Questo video non è disponibile", "unavailable"),
        ("Video niet beschikbaar", "unavailable"),
        ("Den här videon är inte tillgänglig", "unavailable"),
        ("Bu video kullanılamıyor", "unavailable"),  # noqa: RUF001 - Turkish
        ("视频不存在", "unavailable"),
        ("존재하지 않는 동영상입니다", "unavailable"),
        ("Vide\u0301o introuvable", "not_found"),
        ("Видео не найдено", "not_found"),
        ("お探しの動画は見つかりませんでした", "not_found"),
        ("Cette vidéo a été supprimée 3 fois", None),
        ("Warum mein Video gelöscht wurde", None),
        ("Este video ha sido eliminado por mi culpa", None),
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
