# ruff: noqa: RUF001 - letters of other alphabets are what is meant
"""What pages say instead of a video that is not there, by language: the whole of a title in lower case."""

from __future__ import annotations

DELETED = {
    "cs": r"(?:toto )?video bylo (?:odstraněno|smazáno)",
    "da": r"(?:denne )?video(?:en)? (?:er |er blevet )?(?:fjernet|slettet)",
    "de": r"(?:dieses |das |dieser |der )?(?:video|inhalt) (?:wurde |ist )?(?:gelöscht|entfernt)",
    "en": r"(?:this |the )?video no longer exists",
    "es": r"(?:este |el )?(?:v[ií]deo|contenido) (?:ha sido |fue )?(?:eliminado|borrado|retirado)",
    "fr": r"(?:cette |la |ce |le )?(?:vid[eé]o|contenu) (?:a [eé]t[eé] )?(?:supprim|retir)[eé]e?"
    r"(?: par (?:son auteur|l'auteur|l'utilisateur))?",
    "id": r"video (?:ini )?(?:telah )?dihapus",
    "it": r"(?:questo |il )?(?:video|contenuto) (?:è stato )?(?:eliminato|rimosso|cancellato)",
    "ja": r"(?:この)?動画は削除され(?:ました|ています)|削除された動画です",
    "ko": r"(?:이 )?(?:동영상|영상|비디오)[이은]? 삭제되었습니다|삭제된 (?:동영상|영상)입니다",
    "nb": r"(?:denne )?videoen (?:er |har blitt |ble )(?:fjernet|slettet)",
    "nl": r"(?:deze |dit |de )?video (?:is )?verwijderd",
    "pl": r"(?:ten |to )?(?:film|wideo|materiał) (?:został[oa]? )?usunięt[ye]",
    "pt": r"(?:este |o )?(?:v[ií]deo|conteúdo) (?:foi )?(?:removido|excluído|apagado|eliminado)",
    "ru": r"(?:это )?видео (?:было )?удалено|(?:этот )?ролик (?:был )?удал[её]н",
    "sv": r"(?:den här )?video(?:n|klippet) (?:har tagits bort|har raderats|är borttagen)",
    "tr": r"(?:bu )?video (?:silindi|silinmiş|kaldırıldı)",
    "uk": r"(?:це )?відео (?:було )?видалено",
    "vi": r"video (?:này )?đã bị (?:xóa|xoá|gỡ)(?: bỏ)?",
    "zh": r"(?:该|此|该条|這個|这个|該)?(?:视频|視頻|影片)(?:已|已经|已經)?被?(?:删除|刪除|移除)",
}
UNAVAILABLE = {
    "cs": r"(?:toto )?video (?:není (?:již )?dostupné|(?:je )?nedostupné)",
    "da": r"(?:denne )?video(?:en)? er ikke (?:længere )?tilgængelig",
    "de": r"(?:dieses |das |dieser |der )?(?:video|inhalt) (?:ist )?(?:leider |derzeit )?"
    r"nicht (?:mehr )?verfügbar(?: .*)?",
    "es": r"(?:este |el )?(?:v[ií]deo|contenido) (?:ya )?no (?:est[aá] )?disponible(?: .*)?",
    "fr": r"(?:cette |la |ce |le )?(?:vid[eé]o|contenu) (?:indisponible|non disponible"
    r"|n'est (?:pas|plus|actuellement pas) (?:disponible|accessible)(?: .*)?)",
    "id": r"video (?:ini )?tidak (?:lagi )?tersedia",
    "it": r"(?:questo |il )?(?:video|contenuto) non (?:è )?(?:più )?disponibile(?: .*)?",
    "ja": r"(?:この)?動画は(?:ご?利用|再生|視聴)(?:でき|いただけ)ません",
    "ko": r"(?:이 )?동영상을 (?:사용할|재생할|시청할|볼) 수 없(?:음|습니다)|존재하지 않는 (?:동영상|영상)입니다",
    "nb": r"(?:denne )?videoen er ikke (?:lenger )?tilgjengelig",
    "nl": r"(?:deze |dit |de )?video (?:is )?niet (?:meer |langer )?beschikbaar",
    "pl": r"(?:ten |to )?(?:film|wideo|materiał) (?:(?:jest )?niedostępn[ye]|nie jest (?:już )?dostępn[ye])",
    "pt": r"(?:este |o )?(?:v[ií]deo|conteúdo) (?:já )?(?:indisponível|não (?:est[aá] )?(?:mais )?disponível)(?: .*)?",
    "ru": r"(?:это )?видео (?:больше )?(?:недоступно|не доступно)",
    "sv": r"(?:den här )?video(?:n|klippet) är inte (?:längre )?tillgänglig",
    "tr": r"(?:bu )?video (?:artık )?(?:kullanılamıyor|mevcut değil|izlenemiyor)",
    "uk": r"(?:це )?відео (?:більше )?(?:недоступне|не доступне)",
    "vi": r"video (?:này )?không (?:còn )?(?:khả dụng|có sẵn)",
    "zh": r"(?:该|此|這個|这个|該)?(?:视频|視頻|影片)(?:不可用|不存在|已失效|(?:无法|無法)(?:播放|观看|觀看))",
}
NOT_FOUND = {
    "de": r"(?:video|seite) nicht gefunden",
    "es": r"(?:v[ií]deo|p[aá]gina) no encontrad[oa]",
    "fr": r"(?:vid[eé]o|page) (?:introuvable|non trouv[eé]e)",
    "it": r"(?:video|pagina) non trovat[oa]",
    "ja": r"(?:お探しの)?(?:動画|ページ)[はが]見つかりません(?:でした)?",
    "ko": r"(?:페이지를|동영상을) 찾을 수 없습니다",
    "nl": r"(?:video|pagina) niet gevonden",
    "pl": r"nie znaleziono (?:filmu|strony)",
    "pt": r"(?:v[ií]deo|p[aá]gina) não encontrad[oa]",
    "ru": r"(?:видео|страница) не найден[оа]",
    "sv": r"(?:videon|sidan) (?:hittades inte|kunde inte hittas)",
    "tr": r"(?:video|sayfa) bulunamadı",
    "uk": r"(?:відео|сторінку) не знайдено",
    "zh": r"页面不存在|頁面不存在|找不到(?:视频|視頻|影片|页面|頁面)",
}


def any_of(sentences: dict[str, str]) -> str:
    """Return a pattern of the sentences of all languages."""
    return "|".join(sentences.values())
