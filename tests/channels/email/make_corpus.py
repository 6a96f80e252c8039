"""Writes the corpus: one `NAME.eml`, byte for byte, with what must be read from it in `NAME.json`.

All mails are made up. Run it after adding one: `python -m tests.channels.email.make_corpus`. The expectations are
written by hand, never copied from the parser. Keys left out are not looked at; `broken` left out means: nothing is.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.channels.email import corpus_formats, corpus_quotes, corpus_reports
from tests.channels.email.corpus_tools import MAILS, PNG, add, b64, head, multi, part

FOLDER = Path(__file__).parent / "corpus"


def plain_mails() -> None:
    """Text in the character sets of the world, labelled rightly and wrongly."""
    add(
        "plain", head() + b"Hello,\r\n\r\nthe printer burns.\r\n", text="Hello,\n\nthe printer burns.", subject="Printer",
        sender="mail:ada@example.com", sender_name="Ada Lovelace", to=["mail:support@demo.local"], cc=[], html=None,
        external_id="m1@example.com", at="2026-11-23T14:00:00+00:00", kind="normal", automatic=False, reply_to=None,
    )  # fmt: skip
    add("bare_line_feeds", head().replace(b"\r\n", b"\n") + b"Hello\nworld\n", text="Hello\nworld", subject="Printer")
    add(
        "utf8",
        head(Content_Type="text/plain; charset=utf-8") + "你好，打印机着火了 🔥\r\n".encode(),
        text="你好，打印机着火了 🔥",
    )
    add(
        "gb2312_that_is_gb18030", head(Content_Type="text/plain; charset=gb2312") + "朱镕基 喆 㐀 你好".encode("gb18030"),
        text="朱镕基 喆 㐀 你好",
    )  # fmt: skip
    add("gbk_base64", head(Content_Type='text/plain; charset="GBK"', Content_Transfer_Encoding="base64") + b64("繁體與简体".encode("gbk")).encode(), text="繁體與简体")  # fmt: skip
    add("big5", head(Content_Type="text/plain; charset=big5") + "電腦壞了".encode("big5"), text="電腦壞了")
    add("iso_2022_jp", head(Content_Type="text/plain; charset=ISO-2022-JP", Subject=b"=?ISO-2022-JP?B?" + base64.b64encode("会議".encode("iso-2022-jp")) + b"?=") + "こんにちは".encode("iso-2022-jp"), text="こんにちは", subject="会議")  # fmt: skip
    add(
        "euc_kr",
        head(Content_Type="text/plain; charset=ks_c_5601-1987") + "안녕하세요".encode("cp949"),
        text="안녕하세요",
    )
    add("windows_1252_as_latin_1", head(Content_Type="text/plain; charset=iso-8859-1") + b"\x93caf\xe9\x94 \x80 5", text="“café” € 5")  # fmt: skip
    add("lying_latin_1_is_utf8", head(Content_Type="text/plain; charset=iso-8859-1") + "Grüße 你好".encode(), text="Grüße 你好", broken=["charset"])  # fmt: skip
    add("lying_utf8_is_gbk", head(Content_Type="text/plain; charset=utf-8") + "打印机坏了，请帮忙".encode("gbk"), text="打印机坏了，请帮忙", broken=["charset"])  # fmt: skip
    add("lying_ascii_is_latin_1", head(Content_Type="text/plain; charset=us-ascii") + "Müller grüßt".encode("latin-1"), text="Müller grüßt", broken=["charset"])  # fmt: skip
    add("no_charset_is_gbk", head() + "合同已寄出".encode("gbk"), text="合同已寄出")
    add("unknown_charset", head(Content_Type="text/plain; charset=x-klingon") + b"Qapla'", text="Qapla'", broken=["unknown-charset"])  # fmt: skip
    add("charset_that_is_no_charset", head(Content_Type="text/plain; charset=zlib") + b"hi", text="hi", broken=["unknown-charset"])  # fmt: skip
    add("nul_bytes", head(Subject=b"a\0b") + b"He\0llo\x07 \x1b[31mred", text="Hello [31mred", subject="ab")
    add("quoted_printable", head(Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="Quoted-Printable") + b"=E4=BD=A0=E5=\r\n=A5=BD =3D soft=\r\nwrap =ZZ", text="你好 = softwrap =ZZ")  # fmt: skip
    add("broken_base64", head(Content_Transfer_Encoding="base64") + b"SGVs bG8h\r\n*SGk*=\r\nQQ", text="Hello!HiA", broken=["bad-base64"])  # fmt: skip
    add("flowed", head(Content_Type="text/plain; format=flowed") + b"A long line \r\nthat goes on.\r\n> quoted \r\n> too\r\n", full_text="A long line that goes on.\n> quoted too", text="A long line that goes on.")  # fmt: skip


def header_mails() -> None:
    """Headers in all spellings."""
    add("encoded_words", head(Subject="=?UTF-8?B?5L2g5aW9?= =?UTF-8?Q?_=E4=B8=96=E7=95=8C?= and more", From="=?gb2312?B?1cXI/Q==?= <zhang@example.com>") + b"x", subject="你好 世界 and more", sender_name="张三")  # fmt: skip
    add("encoded_word_cut_in_a_character", head(Subject="=?utf-8?B?5L2g5Q==?= =?utf-8?B?pb0=?=") + b"x", subject="你好")
    add("encoded_word_in_quotes", head(From='"=?utf-8?Q?M=C3=BCller=2C_Jan?=" <jan@example.com>') + b"x", sender="mail:jan@example.com", sender_name="Müller, Jan")  # fmt: skip
    add("encoded_words_without_a_gap", head(Subject="=?utf-8?q?a?==?utf-8?q?b?=") + b"x", subject="ab")
    add("encoded_word_with_language", head(Subject="=?utf-8*de?Q?gr=C3=BCn?=") + b"x", subject="grün")
    add("encoded_word_unknown_charset", head(Subject="=?x-none?Q?plain?= text") + b"x", subject="plain text")
    add("eight_bit_subject_utf8", head(Subject="报价单".encode()) + b"x", subject="报价单")
    add("eight_bit_subject_gbk", head(Subject="报价单".encode("gbk")) + b"x", subject="报价单")
    add("eight_bit_name_latin_1", head(From=b"J\xfcrgen <j@example.com>") + b"x", sender_name="Jürgen")
    add("folded_headers", head(Subject="one\r\n two\r\n\tthree", To="a@example.com,\r\n \"B, C\" <b@example.com>") + b"x", subject="one two three", to=["mail:a@example.com", "mail:b@example.com"])  # fmt: skip
    add("line_breaks_in_encoded_words", head(Subject="=?utf-8?Q?hi=0D=0ABcc:_eve@example.com?=", From="=?utf-8?Q?Ada=0AEve?= <ada@example.com>") + b"x", subject="hi Bcc: eve@example.com", sender_name="Ada Eve")  # fmt: skip
    add("groups_comments_and_routes", head(To="Team: a@example.com, b@example.com;, (work) c@example.com (Carl), <@r.example:d@example.com>", Cc="undisclosed-recipients:;") + b"x", to=["mail:a@example.com", "mail:b@example.com", "mail:c@example.com", "mail:d@example.com"], cc=[])  # fmt: skip
    add(
        "address_without_brackets",
        head(From="ada@example.com (Ada)") + b"x",
        sender="mail:ada@example.com",
        sender_name="Ada",
    )
    add("no_from", head(From=None) + b"Who am I?", sender="mail:ada@example.com", text="Who am I?")
    add("no_from_at_all", head(From=None, Sender=None) + b"x", mail_from="", sender="raw:unknown", broken=["no-from"], automatic=True)  # fmt: skip
    add("no_date", head(Date=None) + b"x", at="2026-11-23T15:00:00+00:00", broken=["no-date"])
    add(
        "absurd_date",
        head(Date="Fri, 01 Jan 2100 00:00:00 +0000") + b"x",
        at="2026-11-23T15:00:00+00:00",
        broken=["bad-date"],
    )
    add("date_slightly_ahead", head(Date="Mon, 23 Nov 2026 15:20:00 +0000") + b"x", at="2026-11-23T15:00:00+00:00")
    add("date_in_words", head(Date="yesterday") + b"x", at="2026-11-23T15:00:00+00:00", broken=["bad-date"])
    add("no_message_id", head(Message_ID=None) + b"x", external_id_starts="sha256:", broken=["no-message-id"])
    add(
        "message_id_folded_and_spaced",
        head(Message_ID="\r\n < id 1@example.com > (x)") + b"x",
        external_id="id1@example.com",
    )
    add("threading", head(In_Reply_To="<b@x> (of you)", References="<a@x>\r\n <b@x>") + b"x", reply_to="b@x", references=["b@x", "a@x"])  # fmt: skip
    add("references_only", head(References="<a@x> <b@x>") + b"x", reply_to="b@x", references=["b@x", "a@x"])
    add("token_address", head(To="Support <support+c.conv1@demo.local>") + b"x", tokens=["conv1"], own_has="mail:support+c.conv1@demo.local")  # fmt: skip
    add("reply_to", head(Reply_To="Shop <orders@example.com>") + b"x", answer_to=["orders@example.com"])
    add("junk_between_headers", head().replace(b"Subject", b"this is no header\r\nSubject") + b"x", subject="Printer", text="x", broken=["header-junk"])  # fmt: skip
    add("no_headers", b"just some words\r\n\r\nand more", text="just some words\n\nand more", broken=["header-junk", "no-date", "no-headers", "no-message-id"])  # fmt: skip
    add("only_headers", head().rstrip(b"\r\n"), text="", subject="Printer")
    add("empty", b"", text="", sender="mail:ada@example.com", broken=["no-date", "no-headers", "no-message-id"])
    add("mbox_line", b"From ada@example.com Mon Nov 23 14:00:00 2026\r\n" + head() + b">From here\r\n", text=">From here", subject="Printer")  # fmt: skip


def html_mails() -> None:
    """HTML: safe, quiet, and readable."""
    html = "text/html; charset=utf-8"
    add("html_only", head(Content_Type=html) + b"<html><head><title>T</title></head><body><p>Hello <b>Ada</b></p><ul><li>one<li>two</ul>a&nbsp;&lt;b&gt;</body></html>", text="Hello Ada\n\n- one\n- two\na <b>", html_has=["<b>Ada</b>"])  # fmt: skip
    add("html_with_scripts", head(Content_Type=html) + b"<p onclick=x()>Hi<script>alert(1)</script><style>p{position:fixed}</style><a href='javascript:x'>l</a><svg onload=x><iframe src=//e></iframe><form action=x><input></form><div style='position:fixed;color:red;background:url(http://e/x)'>d</div>", html_lacks=["script", "onclick", "javascript", "svg", "iframe", "form", "input", "position", "url(", "alert"], html_has=["color"], text="Hil\n\nd")  # fmt: skip
    add("html_with_remote_images", head(Content_Type=html) + b"<img src='http://t.example/p.png?u=1' width=1><img src=//t.example/q><img src='cid:logo'><img src='data:image/png;base64,AAAA'><img src='file:///etc/passwd'><img src=' HTTPS://t.example/r' srcset='http://t.example/s 2x'><table background='http://t.example/b'><tr><td>x</table>", html_has=['data-remote-src="http://t.example/p.png?u=1"', 'data-remote-src="//t.example/q"', 'src="cid:logo"', 'src="data:image/png;base64,AAAA"', 'data-remote-src="HTTPS://t.example/r"'], html_lacks=[' src="http', ' src="//', ' src="HTTP', "srcset", "background", "file:"])  # fmt: skip
    add("html_quote", head(Content_Type=html) + b"<div>Yes</div><div>On Mon, 2 Nov 2026, Bob &lt;b@example.com&gt; wrote:<br><blockquote>Really?</blockquote></div>", text="Yes", full_text="Yes\nOn Mon, 2 Nov 2026, Bob <b@example.com> wrote:\n> Really?")  # fmt: skip
    add("alternative", head(Content_Type='multipart/alternative; boundary="b1"') + multi("b1", part("text/plain; charset=utf-8", "Hello 你好"), part(html, "<p>Hello <i>你好</i></p>")), text="Hello 你好", html="<p>Hello <i>你好</i></p>", attachments=[])  # fmt: skip
    add("alternative_with_empty_text", head(Content_Type='multipart/alternative; boundary="b1"') + multi("b1", part("text/plain", "  \r\n"), part(html, "<p>Only here</p>")), text="Only here")  # fmt: skip
    add(
        "related_inline_image", head(Content_Type='multipart/related; boundary="r"') + multi("r", part('multipart/alternative; boundary="a"', multi("a", part("text/plain", "See logo"), part(html, "<p>See <img src='cid:logo@x'></p>"))), part("image/png; name=logo.png", b64(PNG), Content_Transfer_Encoding="base64", Content_ID="<logo@x>")),
        text="See logo", html_has=['src="cid:logo@x"'], attachments=[{"name": "logo.png", "type": "image/png", "size": len(PNG), "inline": True, "content_id": "logo@x"}],
    )  # fmt: skip
    add("apple_mixed_in_alternative", head(Content_Type="multipart/alternative; boundary=a") + multi("a", part("text/plain", "one\r\ntwo"), part("multipart/mixed; boundary=m", multi("m", part(html, "<p>one</p>"), part("application/pdf; name=x.pdf", "%PDF"), part(html, "<p>two</p>")))), text="one\ntwo", html_has=["one", "two"], attachments=[{"name": "x.pdf", "type": "application/pdf", "size": 4}])  # fmt: skip


def quote_mails() -> None:
    """What is new, and what is quoted."""
    bodies: dict[str, tuple[str, str | None]] = {
        "quote_gmail": ("Thanks!\n\nOn Mon, 2 Nov 2026 at 10:00, Bob <bob@example.com> wrote:\n> old\n> older\n", "Thanks!"),
        "quote_gmail_wrapped": ("Thanks!\n\nOn Mon, Nov 2, 2026 at 10:00 AM Bob Bobson\n<bob@example.com> wrote:\n\n> old\n", "Thanks!"),
        "quote_bottom_post": ("On Mon, 2 Nov 2026, Bob wrote:\n> a question\n\nmy answer\n> another\nmy second\n", "my answer\nmy second"),
        "quote_gmail_chinese": ("好的\n\nBob <bob@example.com> 于2026年11月2日周一 10:00写道：\n\n> 旧\n", "好的"),
        "quote_apple_chinese": ("收到。\n\n> 在 2026年11月2日，上午10:00，Bob <bob@example.com> 写道：\n> \n> 旧\n", "收到。"),
        "quote_netease": ("同意\n\n在 2026-11-02 10:00:00，\"Bob\" <bob@example.com> 写道：\n旧的内容\n", "同意"),
        "quote_qq": ("可以\n\n\n------------------ 原始邮件 ------------------\n发件人: \"Bob\" <bob@example.com>;\n旧\n", "可以"),
        "quote_outlook": ("Fine.\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\nold\n", "Fine."),
        "quote_outlook_block": ("Fine.\n\n________________________________\nFrom: Bob <bob@example.com>\nSent: Monday, November 2, 2026\nTo: Ada\nSubject: x\n\nold\n", "Fine."),
        "quote_outlook_chinese": ("没问题\n\n发件人: Bob <bob@example.com>\n发送时间: 2026年11月2日\n收件人: Ada\n主题: 合同\n\n旧\n", "没问题"),
        "not_a_quote_from": ("Flight plan\nFrom: Beijing\nby train\n", "Flight plan\nFrom: Beijing\nby train"),
        "not_a_quote_on": ("On Monday he wrote:\nnothing\n", "On Monday he wrote:\nnothing"),
        "not_a_quote_rule": ("-- \nAda\n-----\nfigures --original-- here\n", "-- \nAda\n-----\nfigures --original-- here"),
        "only_a_quote": ("> all\n> quoted\n", "> all\n> quoted"),
        "forwarded": ("FYI\n\n---------- Forwarded message ---------\nFrom: Bob <bob@example.com>\nDate: Mon\nSubject: x\nTo: Ada\n\nimportant\n", None),
    }  # fmt: skip
    for name, (body, new) in bodies.items():
        mail = head(Content_Type="text/plain; charset=utf-8") + body.replace("\n", "\r\n").encode()
        add(name, mail, text=new if new is not None else body.strip(), full_text=body.strip())


def attachment_mails() -> None:
    """File names and nested mails."""
    names = {
        "rfc2231": ("attachment; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%202026.pdf", "报价 2026.pdf"),
        "rfc2231_pieces": ("attachment; filename*0*=gb2312''%B1%A8; filename*1*=%BC%DB; filename*2=.pdf", "报价.pdf"),
        "encoded_word": ('attachment; filename="=?utf-8?B?5oql5Lu3LnBkZg==?="', "报价.pdf"),
        "raw_utf8": ('attachment; filename="报价.pdf"', "报价.pdf"),
        "path": ('attachment; filename="..\\\\..\\\\C:\\\\evil/..//etc/passwd.pdf"', "passwd.pdf"),
        "line_break": ("attachment; filename*=utf-8''a%0D%0ABcc%3A%20x.pdf", "a Bcc: x.pdf"),
        "backwards": ("attachment; filename*=utf-8''exe%E2%80%AEfdp.pdf", "exefdp.pdf"),
        "none": ("attachment", "attachment.pdf"),
    }
    for name, (disposition, expected) in names.items():
        mixed = multi("m", part("text/plain", "See file"), part("application/pdf", b64(b"%PDF-1.7"), Content_Transfer_Encoding="base64", Content_Disposition=disposition))  # fmt: skip
        add(f"file_name_{name}", head(Content_Type="multipart/mixed; boundary=m") + mixed, text="See file", attachments=[{"name": expected, "type": "application/pdf", "size": 8, "inline": False}])  # fmt: skip
    add("only_a_file", head(Content_Type="application/pdf; name=scan.pdf", Content_Transfer_Encoding="base64") + b64(b"%PDF").encode(), text="", attachments=[{"name": "scan.pdf", "type": "application/pdf", "size": 4}])  # fmt: skip
    add("attached_mail", head(Content_Type="multipart/mixed; boundary=m") + multi("m", part("text/plain", "Look"), part("message/rfc822", head(Subject="=?utf-8?B?5Y6f5Lu2?=").strip() + b"\r\n\r\ninner")), text="Look", attachments=[{"name": "原件.eml", "type": "message/rfc822"}])  # fmt: skip
    add("text_file", head(Content_Type="multipart/mixed; boundary=m") + multi("m", part("text/plain", "Log:"), part("text/plain; name=app.log", "ERROR")), text="Log:", attachments=[{"name": "app.log", "type": "text/plain", "size": 5}])  # fmt: skip
    add("list_footer", head(Content_Type="multipart/mixed; boundary=m", List_Id="<l.example.com>") + multi("m", part("text/plain", "Body"), part("text/plain", "Footer")), text="Body\n\nFooter", automatic=True)  # fmt: skip
    add("uuencoded", head(Content_Type="application/octet-stream; name=cat.txt", Content_Transfer_Encoding="x-uuencode") + b"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n", attachments=[{"name": "cat.txt", "size": 3}])  # fmt: skip


def broken_structures() -> None:
    """Trees that do not close, do not open, or do not end."""
    two = (part("text/plain", "one"), part("text/plain", "two"))
    add("not_closed", head(Content_Type="multipart/mixed; boundary=m") + multi("m", *two, closed=False), text="one\n\ntwo", broken=["not-closed"])  # fmt: skip
    add(
        "boundary_not_named",
        head(Content_Type="multipart/mixed") + multi("m", *two),
        text="one\n\ntwo",
        broken=["no-boundary"],
    )
    add("boundary_not_found", head(Content_Type="multipart/mixed; boundary=zzz") + b"plain words", text="plain words", broken=["no-parts"])  # fmt: skip
    add("boundary_that_begins_another", head(Content_Type="multipart/mixed; boundary=m") + b"preamble\r\n" + multi("m", part("multipart/mixed; boundary=mm", multi("mm", *two)), part("text/plain", "three")) + b"epilogue", text="one\n\ntwo\n\nthree")  # fmt: skip
    add("boundary_with_blanks", head(Content_Type='multipart/mixed; boundary="m"') + multi("m", *two).replace(b"--m\r\n", b"--m \t\r\n"), text="one\n\ntwo")  # fmt: skip
    deep = b""
    for level in range(1000):
        deep += f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode()
    add("a_thousand_levels", head().rstrip(b"\r\n") + b"\r\n" + deep + part("text/plain", "deep"), text="", broken=["not-closed", "too-deep"], attachments=[{"name": "nested.eml"}])  # fmt: skip
    add("a_thousand_parts", head(Content_Type="multipart/mixed; boundary=m") + multi("m", *[part("text/plain", "x")] * 1000), text="\n\n".join("x" * 200), broken=["too-many-parts"])  # fmt: skip
    add(
        "empty_multipart",
        head(Content_Type="multipart/mixed; boundary=m") + b"--m--\r\n",
        text="--m--",
        broken=["no-parts"],
    )
    add("content_type_nonsense", head(Content_Type=';;;="') + b"readable", text="readable")


def machine_mails() -> None:
    """Bounces, automatic answers, invitations, receipts."""
    status = "Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; gone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 unknown\r\n"
    report = multi("m", part("text/plain", "Could not be delivered"), part("message/delivery-status", status), part("text/rfc822-headers", "Subject: hi"))  # fmt: skip
    add("bounce", head(From="MAILER-DAEMON@example.com", Content_Type="multipart/report; report-type=delivery-status; boundary=m") + report, mail_from="", kind="bounce", automatic=True, text="Could not be delivered", bounce={"recipient": "gone@example.com", "status": "5.1.1", "permanent": True})  # fmt: skip
    add("bounce_for_now", head(Content_Type="multipart/report; report-type=delivery-status; boundary=m") + report.replace(b"5.1.1", b"4.2.2").replace(b"failed", b"delayed"), kind="bounce", bounce={"recipient": "gone@example.com", "status": "4.2.2", "permanent": False})  # fmt: skip
    add("bounce_without_a_report", head(From="Mail Delivery <mailer-daemon@qq.example>", Subject="系统退信/Systems bounce") + b"x", kind="bounce", automatic=True)  # fmt: skip
    add("auto_reply", head(Auto_Submitted="auto-replied (vacation)") + b"I am away", kind="auto_reply", automatic=True)
    add("auto_reply_chinese", head(Subject="自动回复: 报价".encode()) + b"x", kind="auto_reply", automatic=True)
    add("generated", head(Auto_Submitted="auto-generated") + b"x", kind="normal", automatic=True)
    add("written_by_a_person", head(Auto_Submitted="no") + b"x", kind="normal", automatic=False)
    add("bulk", head(Precedence="bulk") + b"x", kind="normal", automatic=True)
    add("suppressed", head(X_Auto_Response_Suppress="All") + b"x", automatic=True)
    add("empty_return_path", b"Return-Path: <>\r\n" + head() + b"x", automatic=True)
    add("invitation", head(Content_Type="multipart/alternative; boundary=m") + multi("m", part("text/plain", "Meet?"), part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\nEND:VCALENDAR")), kind="calendar", automatic=False, text="Meet?", attachments=[{"name": "invitation.ics", "type": "text/calendar"}])  # fmt: skip
    add("read_receipt", head(Content_Type="multipart/report; report-type=disposition-notification; boundary=m") + multi("m", part("text/plain", "Read"), part("message/disposition-notification", "Disposition: x")), kind="report", automatic=True)  # fmt: skip


def write() -> None:
    """All files, anew."""
    for builder in (
        plain_mails, header_mails, html_mails, quote_mails, attachment_mails, broken_structures, machine_mails,
        corpus_quotes.build, corpus_reports.build, corpus_formats.build,
    ):  # fmt: skip
        builder()
    for name, (mail, expected) in MAILS.items():
        (FOLDER / f"{name}.eml").write_bytes(mail)
        (FOLDER / f"{name}.json").write_text(
            json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    write()
