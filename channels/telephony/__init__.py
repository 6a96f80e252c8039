"""Telephony on any Asterisk: `machine` and `view` are pure; `link` keeps one PBX in step, `control` steers it."""

from channels.telephony.channel import channel

__all__ = ["channel"]
