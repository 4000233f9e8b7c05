"""How long a wait may take, as a person writes it."""

import argparse
import re

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SHAPE = re.compile("".join(rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?){unit})?" for unit in _SECONDS), re.ASCII)


def seconds(text: str) -> float:
    """`90s`, `30m`, `1h30m`, `1.5h`, or a plain number of seconds. For argparse: raises its error."""
    found = _SHAPE.fullmatch(f"{text}s" if text[-1:].isdecimal() else text)
    total = (
        sum(float(number or 0) * unit for number, unit in zip(found.groups(), _SECONDS.values(), strict=True))
        if found
        else 0
    )
    if total <= 0:
        raise argparse.ArgumentTypeError("it must be a time like 90s, 30m or 1h30m")
    return total
