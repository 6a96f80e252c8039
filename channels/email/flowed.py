"""Plain text that says how it was wrapped."""

from __future__ import annotations


def unflowed(text: str, parameters: dict[str, str]) -> str:
    """`format=flowed` (RFC 3676): lines that end in a space go on in the next one of the same quote depth."""
    if parameters.get("format", "").lower() != "flowed":
        return text
    joint = "" if parameters.get("delsp", "").lower() == "yes" else " "
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        goes_on = bare.endswith(" ") and bare != "-- "
        piece = bare.removesuffix(" ") + joint if goes_on else bare
        if depth == open_depth:
            out.append(piece)
        else:
            out.append(("\n" if out else "") + (">" * depth + " " if depth else "") + piece)
        open_depth = depth if goes_on else -1
    return "".join(out)
