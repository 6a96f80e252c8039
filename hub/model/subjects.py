"""What a subject says without the words that mail programs put before it: pure, for threading by subject."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARS = 200

_ANSWERS = (
    "re", "reply", "res", "resp", "ref", "r", "rv", "aw", "antw", "antwort", "antwoord", "betr", "sv", "svar", "vs",
    "odp", "odpowiedz", "ynt", "yan", "atb", "vá", "rif", "ris", "risposta", "réf", "réponse", "respuesta", "resposta",
    "отв", "ha", "на", "ответ", "відп", "απ", "σχετ", "תשובה", "השב", "رد", "ตอบ", "bls", "balas", "trả lời", "tl",
    "回复", "回覆", "答复", "答覆", "返信", "回信", "회신", "답장",
)  # fmt: skip
_FORWARDS = (
    "fw", "fwd", "forward", "wg", "tr", "enc", "rv", "i", "vl", "vb", "vid", "doorst", "pd", "ilt", "továb", "továbbítás",
    "inoltro", "reenv", "пересл", "переслано", "fs", "videresendt", "trs", "هدایت", "إعادة توجيه", "הועבר", "ส่งต่อ",
    "转发", "轉寄", "轉發", "转寄", "転送", "전달",
)  # fmt: skip


def _words(words: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, set(words)), key=len, reverse=True))


# One prefix: the word, perhaps counted (`Re[2]`, `Re^3`, `AW(4)`), and a colon of either width.
_COUNTED = r"\s?(?:[\[(^]\s?\d{1,3}[\])]?)?\s?[:：]\s*"
_ANSWER = re.compile(rf"(?:{_words(_ANSWERS)}){_COUNTED}", re.IGNORECASE)
_FORWARD = re.compile(rf"(?:{_words(_FORWARDS)}){_COUNTED}", re.IGNORECASE)
_MARK = re.compile(r"[\[【](?:external|extern|ext|externe|外部邮件|外部郵件|外部)[\]】]\s*:?\s*", re.IGNORECASE)
_MOST_PREFIXES = 20

_GENERIC = frozenset(
    """
    (no subject)|no subject|(none)|none|(kein betreff)|kein betreff|(sans objet)|sans objet|(sin asunto)|sin asunto|
    (ohne betreff)|(без темы)|без темы|(無題)|無題|(无主题)|无主题|無主題|(没有主题)|(件名なし)|件名なし|(제목 없음)|
    hello|hello!|hi|hi there|hey|dear sir|help|help!|please help|question|questions|quick question|inquiry|enquiry|request|
    info|information|contact|support|problem|issue|error|urgent|urgent!|important|test|testing|order|orders|your order|
    invoice|invoices|payment|quote|quotation|offer|delivery|shipping|complaint|feedback|thanks|thank you|thank you!|
    update|reminder|meeting|document|documents|file|files|photo|photos|attachment|scan|untitled|message|mail|email|
    frage|anfrage|hallo|hilfe|problem|rechnung|bestellung|angebot|danke|termin|dringend|wichtig|kontakt|
    bonjour|question|demande|aide|facture|commande|devis|merci|urgent|hola|consulta|pregunta|ayuda|factura|pedido|gracias|
    ciao|domanda|richiesta|aiuto|fattura|ordine|grazie|привет|вопрос|помощь|счет|заказ|спасибо|
    你好|您好|咨询|諮詢|询价|詢價|问题|問題|请教|請教|求助|帮助|帮忙|测试|測試|邮件|郵件|订单|訂單|发票|發票|报价|報價|
    付款|投诉|反馈|谢谢|謝謝|感谢|紧急|緊急|重要|文件|附件|图片|照片|资料|資料|会议|通知|回执|
    こんにちは|お問い合わせ|問い合わせ|質問|ご質問|お願い|ご連絡|連絡|テスト|請求書|見積|見積書|注文|ありがとうございます|
    안녕하세요|문의|질문|테스트|주문|감사합니다
    """.replace("\n", "").replace("    ", "").split("|")
)  # fmt: skip


def bare_subject(subject: str) -> tuple[str, bool]:
    """The subject without `Re:`, `AW:`, `回复：` and their like, folded for comparing; and whether it was an answer's."""
    text = " ".join(unicodedata.normalize("NFKC", subject).split())
    answers = False
    for _ in range(_MOST_PREFIXES):
        if found := _ANSWER.match(text):
            answers = True
        elif not (found := _FORWARD.match(text) or _MARK.match(text)):
            break
        text = text[found.end() :]
    return text.casefold()[:MOST_CHARS].strip(), answers


def telling_subject(subject: str) -> tuple[str, bool] | None:
    """The same, or None for a subject that says too little to bring two mails together (`Hello`, `发票`, `123`)."""
    text, answers = bare_subject(subject)
    short = 4 if text.isascii() else 3
    if len(text) < short or text.strip("!?.。！？ ") in _GENERIC or not any(char.isalpha() for char in text):
        return None
    return text, answers
