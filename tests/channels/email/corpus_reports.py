"""Mails about mails: bounces of many systems, delays, complaints, receipts, automatic answers, invitations."""

from __future__ import annotations

from typing import Any

from tests.channels.email.corpus_tools import add, b64, head, multi, part

OURS = "m-42@demo.local"
RETURNED = f"From: support@demo.local\r\nTo: gone@example.com\r\nSubject: Offer\r\nMessage-ID: <{OURS}>\r\n\r\nDear Bob"
REPORT = "multipart/report; report-type={}; boundary=m"


def build() -> None:
    """All of them."""
    _standard()
    _odd()
    _complaints_and_receipts()
    _answers()
    _calendars()


def _status(*recipients: str) -> str:
    return "Reporting-MTA: dns; mx.example.com\r\nArrival-Date: Mon, 23 Nov 2026 13:00:00 +0000\r\n\r\n" + "\r\n".join(
        recipients
    )


def _entry(who: str, action: str, status: str, said: str) -> str:
    return (
        f"Final-Recipient: rfc822; {who}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n"
    )


def _dsn(name: str, status: str, returned: bytes | None = None, **expected: Any) -> None:
    body = multi("m", part("text/plain", "A mail was not delivered"), part("message/delivery-status", status), returned or part("message/rfc822", RETURNED))  # fmt: skip
    add(f"dsn_{name}", head(From="MAILER-DAEMON@mx.example.com", Content_Type=REPORT.format("delivery-status")) + body, mail_from="", automatic=True, **expected)  # fmt: skip


def _standard() -> None:
    gone, full = _entry("gone@example.com", "failed", "5.1.1", "550 5.1.1 no such user"), _entry("full@example.com", "failed", "4.2.2", "452 mailbox full")  # fmt: skip
    late = _entry("slow@example.com", "delayed", "4.4.1", "connection timed out")
    fatal = {"recipient": "gone@example.com", "status": "5.1.1", "permanent": True, "final": True, "original_id": OURS}
    _dsn(
        "one", _status(gone), kind="bounce", bounce=fatal | {"diagnostic": "smtp; 550 5.1.1 no such user"}, bounces=None
    )
    _dsn(
        "two",
        _status(full, gone),
        kind="bounce",
        bounce=fatal,
        bounces=[{"recipient": "full@example.com", "permanent": False, "final": True}, fatal],
    )
    _dsn(
        "delayed",
        _status(late),
        kind="bounce",
        bounce={"recipient": "slow@example.com", "permanent": False, "final": False, "original_id": OURS},
    )
    _dsn(
        "delivered",
        _status(_entry("bob@example.com", "delivered", "2.0.0", "250 ok")),
        kind="report",
        delivered=[{"recipient": "bob@example.com", "original_id": OURS}],
        bounce=None,
    )
    _dsn("headers_only", _status(gone), part("text/rfc822-headers", RETURNED), kind="bounce", bounce=fatal)
    _dsn(
        "headers_encoded",
        _status(gone),
        part("message/rfc822", b64(RETURNED), Content_Transfer_Encoding="base64"),
        kind="bounce",
        bounce=fatal,
    )
    _dsn(
        "nothing_returned", _status(gone), part("text/plain", "x"), kind="bounce", bounce=fatal | {"original_id": None}
    )
    _dsn(
        "no_status",
        _status("Final-Recipient: rfc822; gone@example.com\r\nAction: failed\r\n"),
        kind="bounce",
        bounce={"recipient": "gone@example.com", "status": "", "permanent": True},
    )
    _dsn(
        "status_in_the_words",
        _status(
            "Final-Recipient: RFC822;gone@example.com\r\nAction: failed\r\nDiagnostic-Code: smtp;550 5.7.1 rejected as spam\r\n"
        ),
        kind="bounce",
        bounce={"status": "5.7.1", "permanent": True},
    )
    _dsn(
        "alias",
        _status(
            "Original-Recipient: rfc822;bob@example.com\r\n"
            + _entry("b17@internal.example.com", "failed", "5.2.1", "disabled")
        ),
        kind="bounce",
        bounce={"recipient": "b17@internal.example.com", "original_recipient": "bob@example.com"},
    )
    _dsn("empty_report", "", kind="bounce", bounce=None)


def _odd_mail(
    name: str,
    text: str,
    subject: str,
    sender: str,
    *,
    expect: dict[str, Any] | None,
    charset: str = "utf-8",
    **more: Any,
) -> None:
    fields = {"From": sender, "Subject": subject.encode(), "Content_Type": f"text/plain; charset={charset}"} | more
    mail = head(**fields) + text.replace("\n", "\r\n").encode(charset, "replace")
    add(f"odd_{name}", mail, mail_from="", kind="bounce", automatic=True, bounce=expect)


def _odd() -> None:
    def entry(
        status: str,
        *,
        permanent: bool = True,
        final: bool = True,
        who: str = "gone@example.com",
        original: str | None = OURS,
    ) -> dict[str, Any]:
        return {"recipient": who, "status": status, "permanent": permanent, "final": final, "original_id": original}

    copy = RETURNED.replace("\r\n", "\n")
    daemon = "MAILER-DAEMON@mx.example.com"
    _odd_mail(
        "qmail",
        f"Hi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<gone@example.com>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@demo.local>\n{copy}",
        "failure notice",
        daemon,
        expect=entry("5.1.1"),
    )
    _odd_mail(
        "exim",
        f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  gone@example.com\n    host mx.example.com [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<gone@example.com>:\n    550 No such user here\n\n------ This is a copy of the message, including all the headers. ------\n\n{copy}",
        "Mail delivery failed: returning message to sender",
        "Mail Delivery System <Mailer-Daemon@mx.example.com>",
        expect=entry("5.0.0"),
        X_Failed_Recipients="gone@example.com",
    )
    _odd_mail(
        "exim_warning",
        "This message was created automatically by mail delivery software.\nA message that you sent has not been delivered to one or more of its recipients after more than 24 hours on the queue on mx.example.com.\n\nThe message identifier is:     1abcde-000000-00\nThe subject of the message is: Offer\n\nThe address to which the message has not yet been delivered is:\n\n  gone@example.com\n    Delay reason: Connection timed out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n",
        "Warning: message 1abcde-000000-00 delayed 24 hours",
        daemon,
        expect=entry("", permanent=False, final=False, original=None),
    )
    _odd_mail(
        "exchange_2003",
        "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tOffer\n      Sent:\t11/23/2026 1:00 PM\n\nThe following recipient(s) cannot be reached:\n\n      gone@example.com on 11/23/2026 1:01 PM\n            The e-mail account does not exist at the organization this message was sent to.\n            <mx.example.com #5.1.1 smtp;550 5.1.1 unknown>\n",
        "Undeliverable: Offer",
        "System Administrator <postmaster@example.com>",
        expect=entry("5.1.1", original="x1@demo.local"),
        In_Reply_To="<x1@demo.local>",
    )
    _odd_mail(
        "exchange_german",
        "Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\n      Betreff:\tAngebot\n\nFolgende(r) Empfänger kann/können nicht erreicht werden:\n\n      gone@example.com am 23.11.2026 13:01\n            Das E-Mail-Konto ist nicht vorhanden.\n            <mx.example.com #5.1.1>\n",
        "Unzustellbar: Angebot",
        "postmaster@example.com",
        expect=entry("5.1.1", original=None),
        charset="iso-8859-1",
    )
    _odd_mail(
        "qq",
        f"很抱歉您发送的邮件被退回，以下是该邮件的相关信息：\n\n被退回邮件\n主 题：报价\n时 间：2026-11-23 13:00:00\n\n无法发送到 gone@example.com\n\n退信原因 收件人邮件地址（gone@example.com）不存在，邮件无法送达。\nhost mx.example.com[192.0.2.1] said: 550 Mailbox not found.\n\n----- Original Message -----\n{copy}",
        "系统退信/Systems bounce",
        "PostMaster@qq.example",
        expect=entry("5.0.0"),
        charset="gbk",
    )
    _odd_mail(
        "netease",
        "抱歉，您的邮件被退回来了……\n\n原邮件信息：\n时间：2026-11-23 13:00\n主题：报价\n收件人：gone@example.com\n\n退信原因：未知用户\n英文说明：gone@example.com SMTP error, RCPT TO: Host mx.example.com(192.0.2.1) in 550 User not found: gone@example.com\n",
        "系统退信",
        "Postmaster@163.example",
        expect=entry("5.0.0", original=None),
    )
    _odd_mail(
        "sendmail",
        f"The original message was received at Mon, 23 Nov 2026 13:00:00 GMT\nfrom demo.local [192.0.2.9]\n\n   ----- The following addresses had permanent fatal errors -----\n<gone@example.com>\n    (reason: 550 5.1.1 <gone@example.com>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> DATA\n<<< 550 5.1.1 <gone@example.com>... User unknown\n\n   ----- Original message follows -----\n{copy}",
        "Returned mail: see transcript for details",
        daemon,
        expect=entry("5.1.1"),
    )
    _odd_mail(
        "domino",
        "Your message\n\n  Subject: Offer\n\nwas not delivered to:\n\n  gone@example.com\n\nbecause:\n\n  User gone (gone@example.com) not listed in Domino Directory\n",
        "DELIVERY FAILURE: User gone not listed in Domino Directory",
        "Postmaster@example.com",
        expect=entry("", original=None),
    )
    _odd_mail(
        "postfix_stripped",
        f"This is the mail system at host mx.example.com.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<gone@example.com>: host mx2.example.com[192.0.2.1] said: 552 5.2.2 Over quota (in\n    reply to RCPT TO command)\n\n<also@example.com>: unknown user\n\n--- Below is a copy\n{copy}",
        "Undelivered Mail Returned to Sender",
        daemon,
        expect=entry("5.2.2"),
    )
    _odd_mail(
        "gateway",
        "Delivery to the following recipient failed permanently:\n\n     gone@example.com\n\nTechnical details of permanent failure:\nThe error that the other server returned was: 550 5.1.1 no such account\n\n----- Original message -----\n\nMessage-ID: <m-42@demo.local>\n",
        "Delivery Status Notification (Failure)",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
        expect=entry("5.1.1"),
    )
    _odd_mail(
        "unknown_system",
        "Sorry.\n\nYour mail for gone@example.com came back: mailbox closed.\n",
        "Undeliverable mail",
        "postmaster@small.example",
        expect=entry("", original=None),
    )
    _odd_mail(
        "french",
        "Le message n'a pas été remis.\n\ngone@example.com\n550 5.1.1 inconnu\n",
        "Non remis : Devis",
        "postmaster@example.fr",
        expect=entry("5.1.1", original=None),
    )
    _odd_mail(
        "temporary_words",
        "The mail system\n\n<gone@example.com>: connect to mx: timed out\n\nYour message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.\n",
        "Delayed Mail (still being retried)",
        daemon,
        expect=entry("", permanent=False, final=False, original=None),
    )
    add("no_bounce_a_person_complains", head(Subject="Undeliverable goods", Content_Type="text/plain") + b"The parcel could not be delivered to bob@example.com", kind="normal", automatic=False)  # fmt: skip


def _complaints_and_receipts() -> None:
    feedback = "Feedback-Type: abuse\r\nUser-Agent: Loop/1.0\r\nVersion: 1\r\nOriginal-Mail-From: <support@demo.local>\r\nOriginal-Rcpt-To: <bob@example.com>\r\nReported-Domain: demo.local\r\nSource-IP: 192.0.2.9\r\n"
    arf = multi(
        "m",
        part("text/plain", "This is an abuse report"),
        part("message/feedback-report", feedback),
        part("message/rfc822", RETURNED),
    )
    add(
        "complaint",
        head(Content_Type=REPORT.format("feedback-report")) + arf,
        kind="report",
        automatic=True,
        complaint={
            "type": "abuse",
            "recipient": "bob@example.com",
            "original_id": OURS,
            "reported_domain": "demo.local",
            "source_ip": "192.0.2.9",
        },
    )
    old = multi(
        "m",
        part("text/plain", "complaint"),
        part("message/rfc822", "X-HmXmrOriginalRecipient: bob@example.com\r\n" + RETURNED),
    )
    add(
        "complaint_of_outlook_com",
        head(Subject="complaint about message from 192.0.2.9", Content_Type="multipart/mixed; boundary=m") + old,
        kind="report",
        automatic=True,
        complaint={"type": "abuse", "recipient": "bob@example.com", "original_id": OURS},
    )
    notice = f"Reporting-UA: mail.example.com; Reader 1\r\nFinal-Recipient: rfc822;bob@example.com\r\nOriginal-Message-ID: <{OURS}>\r\nDisposition: manual-action/MDN-sent-manually; {{}}\r\n"
    for word in ("displayed", "deleted"):
        mdn = multi("m", part("text/plain", "read"), part("message/disposition-notification", notice.format(word)))
        add(
            f"receipt_{word}",
            head(Content_Type=REPORT.format("disposition-notification")) + mdn,
            kind="report",
            automatic=True,
            receipt={"original_id": OURS, "disposition": word, "recipient": "bob@example.com"},
        )
    mdn = multi(
        "m",
        part("text/plain", "not read"),
        part(
            "message/disposition-notification",
            "Disposition: automatic-action/MDN-sent-automatically; processed/error\r\n",
        ),
    )
    add(
        "receipt_without_an_id",
        head(Content_Type=REPORT.format("disposition-notification"), In_Reply_To=f"<{OURS}>") + mdn,
        kind="report",
        receipt={"original_id": OURS, "disposition": "processed", "recipient": None},
    )


def _answers() -> None:
    for name, fields in {
        "x_autoreply": {"X_Autoreply": "yes"}, "x_autorespond": {"X_Autorespond": "vacation"}, "precedence": {"Precedence": "auto_reply"},
        "message_class": {"X_POST_MessageClass": "9; Autoresponder"}, "delivered_to": {"Delivered_To": "autoresponder"},
    }.items():  # fmt: skip
        add(f"answer_{name}", head(**fields) + b"I am away", kind="auto_reply", automatic=True)
    add("answer_exchange", head(Subject="Automatic reply: Offer", Auto_Submitted="auto-generated", X_Auto_Response_Suppress="All", In_Reply_To=f"<{OURS}>") + b"Away", kind="auto_reply", automatic=True, reply_to=OURS)  # fmt: skip
    add("answer_out_of_office_bare", head(Subject="Out of Office") + b"Away", kind="auto_reply", automatic=True)
    add("no_answer_re", head(Subject="Re: Automatic reply: Offer") + b"Thanks", kind="normal", automatic=False)
    add("no_answer_absence", head(Subject="Absence of the spare part") + b"Thanks", kind="normal", automatic=False)
    add(
        "newsletter",
        head(List_Unsubscribe="<https://example.com/u>", Precedence="bulk") + b"News",
        kind="normal",
        automatic=True,
    )


def _ics(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""))


EVENT = (
    "BEGIN:VEVENT", "UID:e1@example.com", "SUMMARY:Printer\\, second\r\n  floor", "DTSTART;TZID=China Standard Time:20261124T100000",
    "DTEND;TZID=China Standard Time:20261124T110000", 'ORGANIZER;CN="Lovelace, Ada":mailto:ada@example.com', "LOCATION:Room 2",
)  # fmt: skip


def _calendars() -> None:
    request = _ics(
        "METHOD:REQUEST",
        *EVENT,
        "ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION:mailto:bob@example.com",
        "BEGIN:VALARM",
        "SUMMARY:no",
        "END:VALARM",
        "END:VEVENT",
    )
    facts = {
        "method": "REQUEST",
        "summary": "Printer, second floor",
        "starts": "2026-11-24T10:00:00+08:00",
        "ends": "2026-11-24T11:00:00+08:00",
        "location": "Room 2",
        "organizer": {"address": "ada@example.com", "name": "Lovelace, Ada"},
        "attendees": [{"address": "bob@example.com", "name": "Bob", "answer": "needs-action"}],
    }
    add(
        "calendar_request",
        head(Content_Type="multipart/alternative; boundary=m")
        + multi("m", part("text/plain", "Meet?"), part("text/calendar; method=REQUEST; charset=utf-8", request)),
        kind="calendar",
        automatic=False,
        calendar=facts,
        text="Meet?",
    )
    reply = _ics("METHOD:REPLY", *EVENT[:4], "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:bob@example.com", "END:VEVENT")
    add(
        "calendar_reply",
        head(Subject="Accepted: Printer", Content_Type="multipart/alternative; boundary=m")
        + multi(
            "m",
            part("text/plain", ""),
            part("text/calendar; method=REPLY", b64(reply), Content_Transfer_Encoding="base64"),
        ),
        kind="calendar",
        automatic=True,
        calendar={"method": "REPLY", "attendees": [{"address": "bob@example.com", "name": "", "answer": "accepted"}]},
    )
    day = _ics("BEGIN:VEVENT", "SUMMARY:Holiday", "DTSTART;VALUE=DATE:20261225", "END:VEVENT")
    add(
        "calendar_file",
        head(Content_Type="multipart/mixed; boundary=m")
        + multi(
            "m",
            part("text/plain", "See"),
            part("application/ics; name=day.ics", day, Content_Disposition="attachment; filename=day.ics"),
        ),
        kind="normal",
        calendar={"method": "PUBLISH", "starts": "2026-12-25"},
        attachments=[{"name": "day.ics"}],
    )
    hostile = _ics(
        "METHOD:REQUEST",
        "BEGIN:VTIMEZONE",
        "TZID:x",
        "BEGIN:STANDARD",
        "DTSTART:16010101T000000",
        "RRULE:FREQ=SECONDLY",
        "TZOFFSETTO:+0530",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "DTSTART;TZID=x:20261124T100000",
        "DTEND:99999999T999999Z",
        "END:VEVENT",
    )
    add(
        "calendar_hostile_zone",
        head(Content_Type="text/calendar; method=REQUEST") + hostile.encode(),
        kind="calendar",
        calendar={"starts": "2026-11-24T10:00:00+05:30", "summary": ""},
    )
