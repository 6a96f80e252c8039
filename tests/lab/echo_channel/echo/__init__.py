"""The channel `echo`: speaks with `tests.lab.echo_channel.far_side`."""

from tests.lab.echo_channel.echo.channel import channel

__all__ = ["channel"]
