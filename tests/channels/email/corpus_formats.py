"""MIME as it is met: winmail.dat, address cards, Apple's doubles, files in the text, many character sets."""

from __future__ import annotations

import struct

from tests.channels.email.corpus_tools import PNG, add, b64, head, multi, part

HTML = "text/html; charset=utf-8"


def build() -> None:
    """All of them."""
    _tnef()
    _cards()
    _parts()
    _charsets()
    _texts()


def attribute(level: int, number: int, value: bytes) -> bytes:
    """One TNEF attribute."""
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*pairs: tuple[int, int, bytes]) -> bytes:
    """MAPI properties of variable length."""
    out = struct.pack("<I", len(pairs))
    for kind, number, value in pairs:
        out += struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def winmail(body: bytes, *, cut: int | None = None) -> bytes:
    """A stream with a body and one attachment."""
    file = properties((0x001F, 0x3707, "报价 2026.png\0".encode("utf-16-le")), (0x001E, 0x370E, b"image/png\0"), (0x0102, 0x3701, PNG))  # fmt: skip
    stream = b"\x78\x9f\x3e\x22\x01\x00" + attribute(1, 0x69007, struct.pack("<II", 936, 0)) + body
    stream += attribute(2, 0x69002, b"\0" * 14) + attribute(2, 0x18010, b"OFFER~1.PNG\0") + attribute(2, 0x69005, file)
    return stream[:cut]


LZFU = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)


def _tnef_mail(name: str, stream: bytes, beside: str = "See file", **expected: object) -> None:
    mixed = multi("m", part("text/plain", beside), part("application/ms-tnef; name=winmail.dat", b64(stream), Content_Transfer_Encoding="base64"))  # fmt: skip
    add(f"tnef_{name}", head(Content_Type="multipart/mixed; boundary=m") + mixed, **expected)


def _tnef() -> None:
    file = {"name": "报价 2026.png", "type": "image/png", "size": len(PNG)}
    plain = attribute(1, 0x2800C, "你好，见附件\0".encode("gbk"))
    _tnef_mail("file", winmail(plain), text="See file", attachments=[file])
    _tnef_mail("body", winmail(plain), "", text="你好，见附件", attachments=[file])
    rtf = attribute(1, 0x69003, properties((0x0102, 0x1009, LZFU)))
    _tnef_mail("rtf", winmail(rtf), "", text="hello world", attachments=[file])
    html = attribute(1, 0x69003, properties((0x0102, 0x1013, b"<p>Hello <b>Ada</b><script>x</script></p>")))
    _tnef_mail("html", winmail(html), "", text="Hello Ada", html="<p>Hello <b>Ada</b></p>", attachments=[file])
    _tnef_mail("cut", winmail(plain, cut=120), text="See file", broken=["bad-tnef"])
    _tnef_mail("not_one", b"something else", broken=["bad-tnef"], attachments=[{"name": "winmail.dat", "size": 14}])


def _cards() -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace;Ada;;;\r\nFN:Ada Lovelace\r\nORG:Example Ltd.;Sales\r\nTITLE:Analyst\r\nitem1.EMAIL;TYPE=INTERNET:ada@example.com\r\nTEL;TYPE=CELL:+44 20 7946 0000\r\nEND:VCARD\r\n"
    facts = {
        "name": "Ada Lovelace",
        "emails": ["ada@example.com"],
        "phones": ["+44 20 7946 0000"],
        "organisation": "Example Ltd. Sales",
        "title": "Analyst",
    }
    add(
        "vcard",
        head(Content_Type="multipart/mixed; boundary=m")
        + multi("m", part("text/plain", "My card"), part("text/vcard; charset=utf-8; name=ada.vcf", card)),
        vcards=[facts],
        text="My card",
        attachments=[{"name": "ada.vcf"}],
    )
    old = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=B8=\r\n=89\r\nTEL;CELL:13800138000\r\nEND:VCARD\r\n"
    add(
        "vcard_2_1",
        head(Content_Type="multipart/mixed; boundary=m")
        + multi("m", part("text/plain", "x"), part("text/x-vcard; name=z.vcf", old)),
        vcards=[{"name": "三 张", "phones": ["13800138000"]}],
    )


def _parts() -> None:
    double = multi(
        "d", part("application/applefile; name=a.pdf", "\0\5\x16\7"), part("application/pdf; name=a.pdf", "%PDF")
    )
    add(
        "apple_double",
        head(Content_Type="multipart/mixed; boundary=m")
        + multi("m", part("text/plain", "x"), part("multipart/appledouble; boundary=d", double)),
        text="x",
        attachments=[{"name": "a.pdf", "type": "application/pdf"}],
    )
    add(
        "uuencoded_in_the_text",
        head() + b"Here it is:\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n\r\nBye\r\n",
        text="Here it is:\n\n\n\nBye",
        attachments=[{"name": "cat.txt", "type": "text/plain", "size": 3}],
    )
    add(
        "begin_is_no_file",
        head() + b"We begin 644 days later\r\nbegin 644 is a number\r\nend\r\n",
        text="We begin 644 days later\nbegin 644 is a number\nend",
        attachments=[],
    )
    amp = multi("m", part("text/plain", "Hi"), part("text/x-amp-html", "<html amp4email>"), part(HTML, "<p>Hi</p>"))
    add(
        "amp", head(Content_Type="multipart/alternative; boundary=m") + amp, text="Hi", html="<p>Hi</p>", attachments=[]
    )
    add("enriched", head(Content_Type="text/enriched") + b"<bold>Hello</bold> <<Ada>", text="Hello <Ada>")
    inline = multi(
        "r",
        part(HTML, "<p>See <img src='cid:a@x'> and <img src='cid:b@x'></p>"),
        part(
            "image/png", b64(PNG), Content_Transfer_Encoding="base64", Content_ID="<a@x>", Content_Disposition="inline"
        ),
        part("image/png; name=b.png", b64(PNG), Content_Transfer_Encoding="base64", Content_ID="<b@x>"),
    )
    add(
        "two_inline_images",
        head(Content_Type="multipart/related; boundary=r") + inline,
        html_has=['src="cid:a@x"', 'src="cid:b@x"'],
        attachments=[{"content_id": "a@x", "inline": True}, {"content_id": "b@x", "inline": True}],
    )
    add(
        "empty_alternative",
        head(Content_Type="multipart/alternative; boundary=m") + multi("m", part("text/plain", ""), part(HTML, "")),
        text="",
        html=None,
    )
    signed = multi(
        "s",
        part("text/plain", "signed words"),
        part("application/pkcs7-signature; name=smime.p7s", b64(b"x"), Content_Transfer_Encoding="base64"),
    )
    add(
        "signed",
        head(Content_Type="multipart/signed; protocol=application/pkcs7-signature; boundary=s") + signed,
        text="signed words",
        attachments=[{"name": "smime.p7s"}],
    )
    add(
        "digest",
        head(Content_Type="multipart/digest; boundary=g")
        + multi("g", b"\r\nSubject: one\r\n\r\nx", b"\r\nSubject: two\r\n\r\ny"),
        text="",
        attachments=[{"name": "one.eml", "type": "message/rfc822"}, {"name": "two.eml", "type": "message/rfc822"}],
    )
    add(
        "mail_in_mail_in_mail",
        head(Content_Type="message/rfc822")
        + head(Subject="inner", Content_Type="message/rfc822")
        + head(Subject="innermost")
        + b"x",
        attachments=[{"name": "inner.eml", "type": "message/rfc822"}],
    )
    add(
        "delsp_flowed",
        head(Content_Type="text/plain; format=flowed; delsp=yes; charset=utf-8")
        + "这是一行很长的 \r\n文字。\r\n".encode(),
        text="这是一行很长的文字。",
    )
    add(
        "ten_thousand_recipients",
        head(To=", ".join(f"u{n}@e.example" for n in range(60))) + b"x",
        to=[f"mail:u{n}@e.example" for n in range(60)],
    )


def _charsets() -> None:
    russian, traditional = (
        "Здравствуйте, принтер снова не работает, помогите.",
        "您好，二樓的印表機又壞了，請派人來看看。",
    )
    korean, japanese = "안녕하세요. 2층 프린터가 또 고장났습니다.", "こんにちは。プリンターが壊れました。"
    for name, text, codec in (
        ("russian_1251", russian, "cp1251"),
        ("russian_koi8", russian, "koi8_r"),
        ("traditional_big5", traditional, "big5"),
        ("korean", korean, "cp949"),
        ("japanese_sjis", japanese, "cp932"),
        ("japanese_euc", japanese, "euc_jp"),
    ):
        add(f"unlabelled_{name}", head() + text.encode(codec), text=text)
        add(
            f"mislabelled_{name}",
            head(Content_Type="text/plain; charset=utf-8") + text.encode(codec),
            text=text,
            broken=["charset"],
        )
    add(
        "latin_1_that_is_russian",
        head(Content_Type="text/plain; charset=iso-8859-1") + russian.encode("cp1251"),
        text=russian,
        broken=["charset"],
    )
    add(
        "gb2312_that_is_utf8",
        head(Content_Type="text/plain; charset=gb2312") + "打印机坏了，请帮忙".encode(),
        text="打印机坏了，请帮忙",
        broken=["charset"],
    )
    add(
        "iso_2022_jp_with_a_circled_digit",
        head(Content_Type="text/plain; charset=iso-2022-jp") + b"\x1b$B-!2q5D\x1b(B ok",
        text="①会議 ok",
    )
    add("iso_2022_jp_unlabelled", head() + b"\x1b$B2q5D\x1b(B ok", text="会議 ok")
    add("hz", head(Content_Type="text/plain; charset=hz-gb-2312") + "你好".encode("hz"), text="你好")
    add("utf_7", head(Content_Type="text/plain; charset=utf-7") + b"+T2BZfQ-", text="你好")
    add(
        "utf_16",
        head(Content_Type="text/plain; charset=utf-16", Content_Transfer_Encoding="base64")
        + b64("你好 Ada".encode("utf-16")).encode(),
        text="你好 Ada",
    )
    add(
        "html_names_its_own_charset",
        head(Content_Type="text/html") + '<meta charset="gb2312"><p>打印机坏了，请帮忙</p>'.encode("gbk"),
        text="打印机坏了，请帮忙",
    )
    add(
        "utf8_with_broken_bytes",
        head(Content_Type="text/plain; charset=utf-8")
        + ("Grüße aus München. " * 20).encode()
        + b"\xff"
        + ("Grüße. " * 20).encode(),
        broken=["charset"],
        text=("Grüße aus München. " * 20) + "\ufffd" + ("Grüße. " * 20).rstrip(),
    )


def _texts() -> None:
    add(
        "rfc2231_broken_percent",
        head(Content_Type="multipart/mixed; boundary=m")
        + multi(
            "m",
            part("text/plain", "x"),
            part("application/pdf", "%PDF", Content_Disposition="attachment; filename*=utf-8''%E6%8A%A5%ZZ.pdf"),
        ),
        attachments=[{"name": "报%ZZ.pdf"}],
    )
    add(
        "rfc2231_no_charset",
        head(Content_Type="multipart/mixed; boundary=m")
        + multi(
            "m",
            part("text/plain", "x"),
            part("application/pdf", "%PDF", Content_Disposition="attachment; filename*0=off; filename*1=er.pdf"),
        ),
        attachments=[{"name": "offer.pdf"}],
    )
    add("rfc2047_with_spaces", head(Subject="=?utf-8?Q?a b?= c") + b"x", subject="a b c")
    add("rfc2047_lower_b_cut", head(Subject="=?gbk?b?xOO6ww?=") + b"x", subject="你好")
    add(
        "subject_8bit_big5",
        head(Subject="印表機壞了，請派人來修理".encode("big5")) + b"x",
        subject="印表機壞了，請派人來修理",
    )
