"""Answers as mail clients write them, language by language: what is new is known, because it was put there."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from tests.channels.email.corpus_tools import add, head, multi, part

NAME, MAIL = "Bob Bobson", "bob@example.com"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Language:
    """What clients write in one language. `{n}` and `{a}` are the name and the address of who wrote before."""

    new: str
    old: str
    gmail: str
    thunderbird: str
    labels: tuple[str, str, str, str]
    moment: str
    original: str
    forwarded: str
    forward_subject: str
    phone: str
    away: str


LANGUAGES = {
    "en": Language("Yes, tomorrow is fine.", "Can you send the offer?", "On Fri, Nov 20, 2026 at 10:00 AM {n} <{a}> wrote:", "On 20/11/2026 10:00, {n} wrote:", ("From", "Sent", "To", "Subject"), "Friday, November 20, 2026 10:00 AM", "Original Message", "Forwarded message", "Fwd: ", "Sent from my iPhone", "Automatic reply: "),
    "zh": Language("好的，明天发给您。", "请问报价单什么时候能发？", "{n} <{a}> 于2026年11月20日周五 10:00写道：", "在 2026/11/20 10:00, {n} 写道:", ("发件人", "发送时间", "收件人", "主题"), "2026年11月20日 10:00", "原始邮件", "转发的邮件", "转发: ", "发自我的iPhone", "自动回复: "),
    "zh_tw": Language("好的，明天寄給您。", "請問報價單何時可以寄出？", "{n} <{a}> 於 2026年11月20日 週五 上午10:00寫道：", "{n} <{a}> 於 2026/11/20 10:00 寫道:", ("寄件者", "寄件日期", "收件者", "主旨"), "2026年11月20日 上午 10:00", "原始郵件", "轉寄的郵件", "轉寄: ", "從我的 iPhone 傳送", "自動回覆: "),
    "ja": Language("承知しました。明日お送りします。", "見積書はいつ届きますか。", "2026年11月20日(金) 10:00 {n} <{a}>:", "2026/11/20 10:00、{n} <{a}>のメール:", ("差出人", "送信日時", "宛先", "件名"), "2026年11月20日 10:00", "元のメッセージ", "転送されたメッセージ", "転送: ", "iPhoneから送信", "自動応答: "),
    "ko": Language("네, 내일 보내 드리겠습니다.", "견적서는 언제 받을 수 있나요?", "2026년 11월 20일 (금) 오전 10:00, {n} <{a}>님이 작성:", "2026. 11. 20. 오전 10:00, {n} <{a}> 작성:", ("보낸 사람", "보낸 날짜", "받는 사람", "제목"), "2026년 11월 20일 금요일 오전 10:00", "원본 메시지", "전달된 메시지", "전달: ", "나의 iPhone에서 보냄", "자동 회신: "),
    "de": Language("Ja, morgen passt gut.", "Wann kommt das Angebot?", "Am Fr., 20. Nov. 2026 um 10:00 Uhr schrieb {n} <{a}>:", "Am 20.11.26 um 10:00 schrieb {n}:", ("Von", "Gesendet", "An", "Betreff"), "Freitag, 20. November 2026 10:00", "Ursprüngliche Nachricht", "Weitergeleitete Nachricht", "WG: ", "Von meinem iPhone gesendet", "Automatische Antwort: "),
    "fr": Language("Oui, demain me convient.", "Quand arrive le devis ?", "Le ven. 20 nov. 2026 à 10:00, {n} <{a}> a écrit :", "Le 20/11/2026 à 10:00, {n} a écrit :", ("De", "Envoyé", "À", "Objet"), "vendredi 20 novembre 2026 10:00", "Message d'origine", "Message transféré", "TR: ", "Envoyé de mon iPhone", "Réponse automatique : "),
    "es": Language("Sí, mañana está bien.", "¿Cuándo llega la oferta?", "El vie, 20 nov 2026 a las 10:00, {n} (<{a}>) escribió:", "El 20/11/2026 a las 10:00, {n} escribió:", ("De", "Enviado el", "Para", "Asunto"), "viernes, 20 de noviembre de 2026 10:00", "Mensaje original", "Mensaje reenviado", "RV: ", "Enviado desde mi iPhone", "Respuesta automática: "),
    "it": Language("Sì, domani va bene.", "Quando arriva l'offerta?", "Il giorno ven 20 nov 2026 alle ore 10:00 {n} <{a}> ha scritto:", "Il 20/11/2026 10:00, {n} ha scritto:", ("Da", "Inviato", "A", "Oggetto"), "venerdì 20 novembre 2026 10:00", "Messaggio originale", "Messaggio inoltrato", "I: ", "Inviato da iPhone", "Risposta automatica: "),
    "pt": Language("Sim, amanhã está ótimo.", "Quando chega a proposta?", "Em sex., 20 de nov. de 2026 às 10:00, {n} <{a}> escreveu:", "Em 20/11/2026 10:00, {n} escreveu:", ("De", "Enviada em", "Para", "Assunto"), "sexta-feira, 20 de novembro de 2026 10:00", "Mensagem original", "Mensagem encaminhada", "ENC: ", "Enviado do meu iPhone", "Resposta automática: "),
    "nl": Language("Ja, morgen is prima.", "Wanneer komt de offerte?", "Op vr 20 nov 2026 om 10:00 schreef {n} <{a}>:", "Op 20-11-2026 om 10:00 schreef {n}:", ("Van", "Verzonden", "Aan", "Onderwerp"), "vrijdag 20 november 2026 10:00", "Oorspronkelijk bericht", "Doorgestuurd bericht", "Fwd: ", "Verstuurd vanaf mijn iPhone", "Automatisch antwoord: "),
    "ru": Language("Да, завтра подойдёт.", "Когда придёт предложение?", "пт, 20 нояб. 2026 г. в 10:00, {n} <{a}>:", "20.11.2026 10:00, {n} пишет:", ("От", "Отправлено", "Кому", "Тема"), "20 ноября 2026 г. 10:00", "Исходное сообщение", "Пересылаемое сообщение", "Пересл: ", "Отправлено с iPhone", "Автоматический ответ: "),
    "pl": Language("Tak, jutro pasuje.", "Kiedy będzie oferta?", "pt., 20 lis 2026 o 10:00 {n} <{a}> napisał(a):", "W dniu 20.11.2026 o 10:00, {n} pisze:", ("Od", "Wysłano", "Do", "Temat"), "piątek, 20 listopada 2026 10:00", "Oryginalna wiadomość", "Przekazana wiadomość", "PD: ", "Wysłane z iPhone'a", "Automatyczna odpowiedź: "),
    "sv": Language("Ja, imorgon går bra.", "När kommer offerten?", "Den fre 20 nov. 2026 kl 10:00 skrev {n} <{a}>:", "Den 2026-11-20 kl. 10:00, skrev {n}:", ("Från", "Skickat", "Till", "Ämne"), "den 20 november 2026 10:00", "Ursprungligt meddelande", "Vidarebefordrat meddelande", "VB: ", "Skickat från min iPhone", "Automatiskt svar: "),
    "cs": Language("Ano, zítra to jde.", "Kdy přijde nabídka?", "pá 20. 11. 2026 v 10:00 odesílatel {n} <{a}> napsal:", "Dne 20.11.2026 v 10:00 {n} napsal(a):", ("Od", "Odesláno", "Komu", "Předmět"), "pátek 20. listopadu 2026 10:00", "Původní zpráva", "Přeposlaná zpráva", "Fwd: ", "Odesláno z iPhonu", "Automatická odpověď: "),
    "tr": Language("Evet, yarın uygun.", "Teklif ne zaman gelir?", "{n} <{a}>, 20 Kas 2026 Cum, 10:00 tarihinde şunu yazdı:", "20.11.2026 10:00 tarihinde {n} yazdı:", ("Kimden", "Gönderildi", "Kime", "Konu"), "20 Kasım 2026 Cuma 10:00", "Özgün İleti", "İletilen ileti", "İlt: ", "iPhone’umdan gönderildi", "Otomatik yanıt: "),
}  # fmt: skip


def build() -> None:
    """All of them."""
    for name, words in LANGUAGES.items():
        _plain(name, words)
        _html(name, words)
        _others(name, words)
    _clients()
    _shapes()


def _mail(name: str, body: str, new: str, kind: str = TEXT, **more: object) -> None:
    fields = {"Content_Type": kind} | {key: str(value).encode() for key, value in more.items()}
    expected = {"text": new} | ({"full_text": body.strip()} if kind == TEXT else {})
    add(f"client_{name}", head(**fields) + body.replace("\n", "\r\n").encode(), **expected)


def _block(words: Language, mark: str = ":") -> str:
    values = (f"{NAME} <{MAIL}>", words.moment, "Ada <ada@example.com>", "Printer")
    return "\n".join(f"{label}{mark} {value}" for label, value in zip(words.labels, values, strict=True))


def _above(words: Language, template: str) -> str:
    return template.format(n=NAME, a=MAIL)


def _plain(name: str, words: Language) -> None:
    above = _above(words, words.gmail)
    _mail(f"{name}_gmail", f"{words.new}\n\n{above}\n\n> {words.old}\n> \n> Bob\n", words.new)
    cut = above.rfind(" ", 0, max(len(above) * 2 // 3, 20))
    if cut > 10:  # wrapped as mailers do at 78 columns
        _mail(
            f"{name}_gmail_wrapped", f"{words.new}\n\n{above[:cut]}\n{above[cut + 1 :]}\n\n> {words.old}\n", words.new
        )
    _mail(
        f"{name}_outlook",
        f"{words.new}\n\n________________________________\n{_block(words)}\n\n{words.old}\n",
        words.new,
    )
    below = _above(words, words.thunderbird)
    _mail(f"{name}_thunderbird_below", f"{below}\n> {words.old}\n\n{words.new}\n-- \nAda\n", words.new)
    _mail(f"{name}_phone", f"{words.new}\n\n{words.phone}\n\n> {below}\n> \n> {words.old}\n", words.new)
    _mail(f"{name}_original", f"{words.new}\n\n-----{words.original}-----\n{_block(words)}\n\n{words.old}\n", words.new)


def _html(name: str, words: Language) -> None:
    above, old, new = escape(_above(words, words.gmail)), escape(words.old), escape(words.new)
    gmail = f'<div dir="ltr">{new}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{above}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{old}</blockquote></div>'
    _mail(f"{name}_gmail_html", gmail, words.new, HTML)
    rows = "<br>".join(
        f"<b>{line.partition(':')[0]}:</b>{escape(line.partition(':')[2])}" for line in _block(words).split("\n")
    )
    web = f'<div style="font-family:Calibri">{new}</div><div id="appendonsend"></div><hr style="width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{rows}</font></div><div>{old}</div>'
    _mail(f"{name}_outlook_web_html", web, words.new, HTML)
    desktop = f'<div class=WordSection1><p class=MsoNormal>{new}</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal>{rows}</p></div></div><p class=MsoNormal>{old}</p></div>'
    _mail(f"{name}_outlook_desktop_html", desktop, words.new, HTML)


def _others(name: str, words: Language) -> None:
    forwarded = f"---------- {words.forwarded} ---------\n{_block(words)}\n\n{words.old}"
    add(f"client_{name}_forward", head(Content_Type=TEXT, Subject=f"{words.forward_subject}Printer".encode()) + forwarded.replace("\n", "\r\n").encode(), text=forwarded, full_text=forwarded)  # fmt: skip
    add(f"auto_reply_{name}", head(Content_Type=TEXT, Subject=f"{words.away}Printer".encode()) + words.new.encode(), kind="auto_reply", automatic=True)  # fmt: skip


def _clients() -> None:
    """Clients whose marks are their own."""
    qq = "收到，谢谢。"
    _mail(
        "qq",
        f'{qq}\n\n\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "Bob" <{MAIL}>;\n发送时间: 2026年11月20日(星期五) 上午10:00\n收件人: "Ada"<ada@example.com>;\n主题: 报价\n\n旧内容\n'.replace(
            "&nbsp;", "\u00a0"
        ),
        qq,
    )
    _mail(
        "qq_english",
        f'Got it.\n\n\n------------------ Original ------------------\nFrom: "Bob"<{MAIL}>;\nDate: Fri, Nov 20, 2026 10:00 AM\nTo: "Ada"<ada@example.com>;\nSubject: offer\n\nold\n',
        "Got it.",
    )
    _mail(
        "qq_new_app",
        f"{qq}\n\n\n\n\n       \n         原始邮件\n         \n       \n发件人：Bob <{MAIL}>\n发件时间：2026年11月20日 10:00\n收件人：ada <ada@example.com>\n主题：报价\n\n旧内容\n",
        qq,
    )
    _mail(
        "qq_html",
        f'<div>{qq}</div><div><br></div><div class="xm_mail_oringinal_describe" style="font-size:12px"><div><b>发件人:</b> Bob</div></div><div id="original-content"><div>旧内容</div></div>',
        qq,
        HTML,
    )
    _mail(
        "foxmail_html",
        f'<div>{qq}</div><hr id="FMSigSeperator" style="width:210px" color="#b5c4df" size="1" align="left"><div><span id="_FoxFROMNAME"><div>Ada</div></span></div><blockquote><div>旧内容</div></blockquote>',
        qq,
        HTML,
    )
    _mail(
        "foxmail",
        f"{qq}\n\n\n\nAda\n \n发件人： Bob\n发送时间： 2026-11-20 10:00\n收件人： ada\n抄送： carl\n主题： Re: 报价\n旧内容\n",
        f"{qq}\n\n\n\nAda",
    )
    _mail(
        "netease_html",
        f'<div>{qq}</div><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p>在 2026-11-20 10:00:00，"Bob" &lt;{MAIL}&gt; 写道：</p><blockquote id="isReplyContent" style="PADDING-LEFT: 1ex"><div>旧内容</div></blockquote>',
        qq,
        HTML,
    )
    _mail("netease_english", f'Fine.\n\n\n\nAt 2026-11-20 10:00:00, "Bob" <{MAIL}> wrote:\nold content\n', "Fine.")
    _mail(
        "mail_master",
        f"{qq}\n\n\n---- 回复的原邮件 ----\n| 发件人 | Bob<{MAIL}> |\n| 日期 | 2026年11月20日 10:00 |\n| 收件人 | ada@example.com |\n| 主题 | 报价 |\n旧内容\n",
        qq,
    )
    _mail(
        "mail_master_html",
        f'<div>{qq}</div><div id="imail_signature" class="ntes-signature">Ada<br>网易邮箱大师</div><div class="J-reply ntes-mailmaster-quote"><div>---- 回复的原邮件 ----</div><table><tr><td>发件人</td></tr></table><div>旧内容</div></div>',
        qq,
        HTML,
    )
    _mail(
        "yahoo",
        f"Sure.\n\n    On Friday, November 20, 2026 at 10:00:00 AM GMT, Bob <{MAIL}> wrote:  \n \n old one\n",
        "Sure.",
    )
    _mail(
        "yahoo_html",
        f'<div>Sure.</div><div id="ymail_android_signature"><a href="https://example.com">Sent from Yahoo Mail on Android</a></div><div id="yahoo_quoted_123" class="yahoo_quoted"><div>On Friday, November 20, 2026 at 10:00:00 AM GMT, Bob &lt;{MAIL}&gt; wrote:</div><div>old</div></div>',
        "Sure.",
        HTML,
    )
    _mail(
        "apple_html",
        f'<html><body>Sure.<br><div><br><blockquote type="cite"><div>On 20 Nov 2026, at 10:00, Bob &lt;{MAIL}&gt; wrote:</div><br><div>old</div></blockquote></div><br></body></html>',
        "Sure.",
        HTML,
    )
    _mail(
        "apple_forward_html",
        '<html><body>Please see.<br><div>Begin forwarded message:<br><blockquote type="cite"><div>the news</div></blockquote></div></body></html>',
        "Please see.\nBegin forwarded message:\n> the news",
        HTML,
    )
    _mail(
        "thunderbird_html",
        f'<p>Sure.</p><div class="moz-signature">-- <br>Ada</div><div class="moz-cite-prefix">Xx 20.11.2026 10:00, {NAME} zz:<br></div><blockquote type="cite" cite="mid:x">old</blockquote>',
        "Sure.",
        HTML,
    )
    _mail(
        "thunderbird_below_html",
        f'<div class="moz-cite-prefix">On 20.11.2026 10:00, {NAME} wrote:<br></div><blockquote type="cite" cite="mid:x">old</blockquote><p>My answer below.</p>',
        "My answer below.",
        HTML,
    )
    _mail(
        "gmail_between_html",
        '<div class="gmail_quote"><div class="gmail_attr">On Fri, Nov 20, 2026 Bob wrote:<br></div><blockquote class="gmail_quote">one?</blockquote><div>first</div><blockquote class="gmail_quote">two?</blockquote><div>second</div></div>',
        "first\nsecond",
        HTML,
    )
    _mail(
        "gmail_signature_html",
        '<div dir="ltr">Fine.<br clear="all"><br><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature">Ada<br>Boss</div></div>',
        "Fine.",
        HTML,
    )
    _mail(
        "outlook_mobile_html",
        '<div dir="ltr">Fine.</div><div id="ms-outlook-mobile-signature"><div></div>Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div><hr><div id="divRplyFwdMsg"><b>From:</b> Bob</div>old',
        "Fine.",
        HTML,
    )
    _mail(
        "outlook_mobile",
        f"Fine.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Bob <{MAIL}>\nSent: Friday, November 20, 2026 10:00:00 AM\nTo: Ada\nSubject: x\n\nold\n",
        "Fine.",
    )
    _mail(
        "outlook_mac_html",
        '<div>Fine.</div><span id="OLK_SRC_BODY_SECTION"><div><span>From: </span>Bob<br>Date: x</div><div>old</div></span>',
        "Fine.",
        HTML,
    )
    _mail("outlook_bold", f"Fine.\n\n*From:* Bob <{MAIL}>\n*Sent:* Friday\n*To:* Ada\n*Subject:* x\n\nold\n", "Fine.")
    _mail("notes", "Fine.\n\n\n\nBob/Sales/Example wrote on 11/20/2026 10:00:00 AM:\n\nold words\n", "Fine.")
    _mail(
        "proton",
        f"Fine.\n\nSent with Proton Mail secure email.\n\nOn Friday, November 20th, 2026 at 10:00, Bob <{MAIL}> wrote:\n\n> old\n",
        "Fine.",
    )
    _mail(
        "proton_html",
        '<div>Fine.</div><div class="protonmail_signature_block">Sent with Proton</div><div class="protonmail_quote">On Friday Bob wrote:<br><blockquote>old</blockquote></div>',
        "Fine.",
        HTML,
    )
    _mail(
        "zimbra_html",
        '<div>Fine.</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>Bob</div><div>old</div>',
        "Fine.",
        HTML,
    )
    _mail(
        "gmx_html",
        '<div>Fine.</div><div name="quote" style="margin:10px"><div><b>Gesendet:</b> x</div><div>old</div></div>',
        "Fine.",
        HTML,
    )
    _mail(
        "feishu_html",
        '<div>好的</div><div class="history-quote-wrapper"><div>发件人</div><div>旧</div></div>',
        "好的",
        HTML,
    )
    alternative = multi(
        "b",
        part(TEXT, "Fine.\r\n\r\nAda, Boss of Example\r\n\r\nold words\r\n"),
        part(
            HTML,
            '<div>Fine.</div><div id="Signature">Ada, Boss of Example</div><div id="appendonsend"></div><div>old words</div>',
        ),
    )
    add(
        "client_marks_only_in_the_html",
        head(Content_Type="multipart/alternative; boundary=b") + alternative,
        text="Fine.",
        full_text="Fine.\n\nAda, Boss of Example\n\nold words",
    )


def _shapes() -> None:
    """What must stay, and what must go, whatever the client."""
    _mail("signature", "Hello\n\n-- \nAda Lovelace\nExample Ltd.\n", "Hello")
    _mail("signature_without_blank", "Hello\n\n--\nAda Lovelace\n", "Hello")
    _mail("signature_alone", "-- \nAda Lovelace\n", "--\u0020\nAda Lovelace")
    _mail("signature_above_quote", "Hello\n-- \nAda\n\nOn 2026-11-20 10:00, Bob wrote:\n> old\n", "Hello")
    _mail(
        "answers_between",
        "Hi Bob,\n\nOn 2026-11-20 10:00, Bob wrote:\n> one?\nfirst\n> two?\nsecond\n",
        "Hi Bob,\n\nfirst\nsecond",
    )
    _mail("a_list_is_no_signature", "Items:\n- one\n- two\n--- three\n", "Items:\n- one\n- two\n--- three")
    _mail("two_parts", "Part one\n--\nPart two\n", "Part one\n--\nPart two")
    _mail("a_rule_within", "Part one\n----------\nPart two\n", "Part one\n----------\nPart two")
    _mail(
        "a_journey",
        "Please book:\n\nVon: Berlin\nAn: Köln\nDatum: 03.12.2026\n\nThank you",
        "Please book:\n\nVon: Berlin\nAn: Köln\nDatum: 03.12.2026\n\nThank you",
    )
    _mail("from_my_phone", "附件打不开。\n从手机上看不到附件\n", "附件打不开。\n从手机上看不到附件")
    _mail(
        "von_meinem_iphone",
        "Es geht nicht.\nVon meinem iPhone aus geht es auch nicht.\n",
        "Es geht nicht.\nVon meinem iPhone aus geht es auch nicht.",
    )
    _mail("from_a_table", "From: Beijing\nVia: Xian\nBy: train\n", "From: Beijing\nVia: Xian\nBy: train")
    _mail("he_wrote", "Yesterday he wrote:\nnothing new\n", "Yesterday he wrote:\nnothing new")
    _mail(
        "sent_from_the_factory",
        "The parts were sent.\nSent from the factory on Monday.\n",
        "The parts were sent.\nSent from the factory on Monday.",
    )
    _mail(
        "deep_quotes",
        "Ok\n\nOn 2026-11-20 10:00, Bob wrote:\n> On 2026-11-19 10:00, Ada wrote:\n>> old\n> older\n",
        "Ok",
    )
    _mail(
        "fwd_with_a_comment",
        "Please handle.\n\n-----Original Message-----\nFrom: Bob\nSent: Friday\nTo: Ada\n\nthe news\n",
        "Please handle.\n\n-----Original Message-----\nFrom: Bob\nSent: Friday\nTo: Ada\n\nthe news",
        Subject="FW: news",
    )
