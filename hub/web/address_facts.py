"""What bounces and complaints said of an address, and setting it right; for supervisors."""

from __future__ import annotations

from aiohttp import web

from hub.desk.address_facts import AddressFacts, AddressOut
from hub.identity.caller import Caller
from hub.web.far_side import far_end
from hub.web.may import ARRANGE, SUPERVISE
from hub.web.routes import Routes

routes = Routes("addresses")


@routes.get("/api/addresses/{address}", may=SUPERVISE)
async def show_address(address: str, facts: AddressFacts) -> AddressOut:
    """Whether an address could not be reached, or its owner complained; mailings leave both out."""
    return await facts.show(address)


@routes.delete("/api/addresses/{address}/undeliverable", may=ARRANGE)
async def lift_address(address: str, who: Caller, request: web.Request, facts: AddressFacts) -> AddressOut:
    """The address can be reached again; mailings go to it from now on."""
    return await facts.lift(address, who, far_end(request))
