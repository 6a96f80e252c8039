"""The plan of a PBX: queues, opening hours, menus and numbers, described here and rendered as Asterisk configuration."""

from channels.telephony.plan.offer import Plans

__all__ = ["Plans"]
