"""What the sender newly wrote, apart from what is quoted. Conservative: when in doubt, text stays.

Line by line, without backtracking. The languages of the first customers are known here: Chinese and English.
"""

from __future__ import annotations

_MOST_LINE = 1000
"""Characters of a line that are looked at; attributions are shorter."""
_WRAPPED = 3
"""Lines over which mailers wrap "On ... wrote:"."""

_ORIGINAL = (
    "original message",
    "original",
    "原始邮件",
    "原邮件",
    "原始信息",
    "原始郵件",
    "reply message",
    "回复的原邮件",
)
_FORWARDED = ("forwarded message", "begin forwarded message", "转发邮件信息", "转发的邮件", "转发邮件", "轉寄郵件")
_BLOCK_START = ("from:", "发件人:", "寄件者:", "寄件人:", "from：", "发件人：", "寄件者：", "寄件人：")
_BLOCK_FIELDS = (
    "sent", "date", "to", "cc", "subject", "发送时间", "发送日期", "日期", "时间", "收件人", "抄送", "主题", "寄件日期", "收件者",
    "主旨", "副本", "傳送時間",
)  # fmt: skip
_BLOCK_NEEDS = 2


def newly_written(full: str) -> str:
    """The new part of a mail's text; the whole text when nothing new would remain."""
    if not _may_quote(full):
        return full.strip()
    lines = full.split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(">") and not line.startswith(">From "):
            at += 1
            continue
        step = _attribution(lines, at)
        if step:
            follows = _next_text(lines, at + step)
            if follows is None or not lines[follows].lstrip().startswith(">"):
                break
            at = follows
            continue
        if _is_forward_mark(line):  # what is forwarded is the news
            kept.extend(lines[at:])
            break
        if _is_original_mark(line) or _is_outlook_block(lines, at):
            break
        kept.append(line)
        at += 1
    new = "\n".join(_without_rule(kept)).strip()
    return new or full.strip()


def _may_quote(text: str) -> bool:
    """A cheap look that spares most mails the rest."""
    if text.startswith(">") or "\n>" in text or "写道" in text or "寫道" in text or "--" in text:
        return True
    low = text.lower()
    return "wrote:" in low or "wrote：" in low or any(start in low for start in _BLOCK_START)


def _attribution(lines: list[str], at: int) -> int:
    """How many lines from here are one "On ... wrote:"; 0 when none."""
    first = lines[at][:_MOST_LINE].strip()
    low = first.lower()
    if not low.startswith(("on ", "在", "于")) and not _is_short_attribution(first):
        return 0
    joined = ""
    for count in range(1, _WRAPPED + 1):
        if at + count > len(lines):
            return 0
        joined = f"{joined} {lines[at + count - 1][:_MOST_LINE].strip()}".strip()
        if _ends_attribution(joined) and (any(char.isdigit() for char in joined) or "@" in joined):
            return count
        if not joined or len(joined) > _MOST_LINE:
            return 0
    return 0


def _ends_attribution(text: str) -> bool:
    low = text.rstrip("> ").lower()
    return low.endswith(("wrote:", "wrote：", "写道:", "写道：", "寫道:", "寫道：", "写到:", "写到："))


def _is_short_attribution(text: str) -> bool:
    """`Ada <ada@example.com> 于2026年1月5日周一 10:00写道：` begins with the name."""
    return _ends_attribution(text) and "@" in text


def _is_original_mark(line: str) -> bool:
    """`-----Original Message-----`, `------------------ 原始邮件 ------------------`."""
    text = line[:_MOST_LINE].strip()
    if not text.startswith("--"):
        return False
    inner = text.strip("- \t")
    return text.endswith("-") and inner.rstrip(":：").strip().lower() in _ORIGINAL


def _is_forward_mark(line: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:`."""
    return line[:_MOST_LINE].strip("-: \t：").lower() in _FORWARDED


def _is_outlook_block(lines: list[str], at: int) -> bool:
    """A `From:` line with at least two more header lines under it."""
    if not lines[at][:40].strip().strip("*").lower().startswith(_BLOCK_START):
        return False
    found = 0
    for line in lines[at + 1 : at + 8]:
        name, colon, _ = line[:60].strip().strip("*").lower().replace("：", ":").partition(":")
        if colon and name.strip().strip("*") in _BLOCK_FIELDS:
            found += 1
    return found >= _BLOCK_NEEDS


def _next_text(lines: list[str], at: int) -> int | None:
    """The next line that is not empty."""
    while at < len(lines):
        if lines[at].strip():
            return at
        at += 1
    return None


def _without_rule(lines: list[str]) -> list[str]:
    """Outlook draws a rule of underscores above the block it quotes."""
    while lines and not lines[-1].strip("_- \t"):
        lines.pop()
    return lines
