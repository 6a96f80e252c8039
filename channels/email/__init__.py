"""Email: `parse` (mail to envelope) and `compose` (delivery to mail) are pure; `door` and `smtp` speak to the world."""

from channels.email.channel import channel

__all__ = ["channel"]
