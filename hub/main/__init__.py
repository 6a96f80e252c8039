"""Where the parts are built and wired together; the only room that knows them all."""

from hub.main.hub import Hub

__all__ = ["Hub"]
