"""Names of keys, and the bytes that a terminal of the xterm family sends for them."""

_NAMED = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "shift+up": "\x1b[1;2A",
    "shift+down": "\x1b[1;2B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    **{f"f{number}": f"\x1bO{letter}" for number, letter in enumerate("PQRS", 1)},
    **{f"f{number}": f"\x1b[{code}~" for number, code in enumerate((15, 17, 18, 19, 20, 21, 23, 24), 5)},
}


def key_bytes(name: str) -> bytes:
    """Bytes of one key: a character, `enter`, `ctrl+x`, `alt+x`... Raises ValueError for a name nobody knows."""
    if name in _NAMED:
        return _NAMED[name].encode()
    if len(name) == 1:
        return name.encode()
    if name.startswith("alt+"):
        return b"\x1b" + key_bytes(name.removeprefix("alt+"))
    letter = name.removeprefix("ctrl+")
    if name.startswith("ctrl+") and len(letter) == 1 and 0x40 <= ord(letter.upper()) < 0x60:
        return bytes([ord(letter.upper()) - 0x40])
    raise ValueError(f"no key is called {name!r}")


def paste_bytes(text: str) -> bytes:
    """A bracketed paste; terminals send line ends as carriage returns."""
    return b"\x1b[200~" + text.replace("\r\n", "\r").replace("\n", "\r").encode() + b"\x1b[201~"
