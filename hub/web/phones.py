"""Phones over HTTP: one's own in the browser, and all of them."""

from __future__ import annotations

from aiohttp import web
from typing_extensions import TypedDict

from hub.desk.phones import Phones
from hub.identity.caller import Caller
from hub.model.phone import MyPhone, PhoneOut, SoundWay
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN, SUPERVISE, WRITE
from hub.web.routes import Routes

routes = Routes("phones")


class PhoneChance(TypedDict):
    """This person's extension, and whether the browser may be its phone."""

    extension: str | None
    browser: bool


class PhonesOut(TypedDict):
    """All of them; there is no next page."""

    items: list[PhoneOut]
    next: None


@routes.get("/api/me/phone", may=SIGNED_IN)
async def show_phone_chance(who: Caller, phones: Phones) -> PhoneChance:
    """Your extension, and whether your browser may be its phone."""
    return PhoneChance(extension=await phones.extension(who), browser=await phones.seat(who) is not None)


@routes.post("/api/me/phone", may=WRITE)
async def sign_phone_in(who: Caller, request: web.Request, phones: Phones) -> MyPhone:
    """Be your own phone in the browser: the password is for this sign-in, and ends that of any other."""
    return await phones.sign_in(who, far_end(request))


@routes.get("/api/me/phone/way", may=WRITE)
async def show_way_of_sound(who: Caller, phones: Phones) -> SoundWay:
    """The STUN and TURN servers of your phone in the browser, with passwords that are fresh."""
    return await phones.way(who)


@routes.get("/api/phones", may=SUPERVISE)
async def list_phones(phones: Phones) -> PhonesOut:
    """The phones of the house as they are now: who has them, and from where they are registered."""
    return PhonesOut(items=await phones.every(), next=None)
