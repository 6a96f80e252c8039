"""A far side that speaks just enough of AMI to be dialled through: it lets everybody in and notes what it is to dial.

For tests of who may be dialled when; how calls then go on is tested on a real Asterisk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

Fields = dict[str, str]


@dataclass
class AmiFarSide:
    """Keeps the numbers it was to dial, in order; `refuses` makes it say no. It has no channel, and `noted` in its database."""

    noted: dict[str, str] = field(default_factory=dict)
    dialled: list[str] = field(default_factory=list)
    refuses: bool = False
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> AmiFarSide:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                asked = _fields((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
                for answer in self._answers(asked):
                    fields = {"ActionID": asked.get("ActionID", "")} | answer
                    writer.write("".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode("latin-1") + b"\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answers(self, asked: Fields) -> list[Fields]:
        match asked.get("Action"):
            case "CoreShowChannels":
                return _list([])
            case "DBGetTree":
                rows = {k: v for k, v in self.noted.items() if k.startswith(asked["Family"])}
                return _list([{"Event": "DBGetTreeResponse", "Key": f"/{k}", "Val": v} for k, v in rows.items()])
        return [self._answer(asked)]

    def _answer(self, asked: Fields) -> Fields:
        match asked.get("Action"):
            case "Challenge":
                return {"Response": "Success", "Challenge": "1234"}
            case "Originate" if not self.refuses and "Exten" in asked:
                self.dialled.append(asked["Exten"])
                return {"Response": "Success", "Message": "Originate successfully queued"}
            case "Login" | "Ping" | "Logoff":
                return {"Response": "Success", "Message": "Authentication accepted"}
        return {"Response": "Error", "Message": "Permission denied"}


def _list(found: list[Fields]) -> list[Fields]:
    begins = {"Response": "Success", "EventList": "start"}
    return [begins, *found, {"Event": "ListComplete", "EventList": "Complete", "ListItems": str(len(found))}]


def _fields(text: str) -> Fields:
    return {key: value for key, _, value in (line.partition(": ") for line in text.split("\r\n") if line)}
