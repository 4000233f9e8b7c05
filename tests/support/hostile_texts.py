"""Texts that have broken terminals, parsers and programs, and endless mixtures of them."""

import json
import re
import unicodedata
from random import Random

from tests.support.long_run import HOURS

TIMES = 50 if HOURS else 1

FRAGMENTS = (
    "[/]", "[/x]", "[bold red]", "[@click=app.quit]quit[/]", "[link=https://evil.example]x[/link]", "[[", "]]", "\\[",
    "[", "]", "{}", "%s", "{0.__class__}", "$(reboot)", "`id`", "'; DROP TABLE", "../../etc/passwd",
    "\x1b[31m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]52;c;ZXZpbA==\x07", "\x1b]8;;https://evil.example\x1b\\",
    "\x1bP1;2q\x1b\\", "\x1bc", "\x1b[?1049l", "\x1b[6n", "\x1b", "\x9b31m", "\x9d0;t\x9c", "\x90", "\x00", "\x07",
    "\x08\x08\x08", "\x7f", "\x0e", "\r", "\n", "\r\n", "\t", "\v\f", "\x85", "\u2028", "\u2029",
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\u200f", "\ufeff", "\u00ad", "\u061c", "\U000e0041", "\ue000",
    "\ud800", "\udfff", "\uffff", "\U0010ffff", "\u0301" * 30, "Z\u0335\u0321\u0353", "\u20dd", "\u3164", "\u115f",
    "每日构建", "ｗｉｄｅ", "🏗", "👩‍👩‍👧‍👦", "🇨🇳", "ﷺ", "𒐫", "עברית", "ไทย", "é", "e\u0301", "İ", "ß", "Ǆ",
    "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38", "X-Auth-Token: abc", "over ratelimit,limit:200,time:5 minute", "0" * 40,
    "NaN", "1e999", "-1", "true", "null", "error_code", "901878212b1a49be9c1a1054c272762a", " ", "",
    "https://devcloud.cn-north-4.huaweicloud.com/codeci/project/", "/detail/history?", "?x=1#f", "job id:", "项目",
)  # fmt: skip
JOB = "901878212b1a49be9c1a1054c272762a"


def text(dice: Random, most: int = 6) -> str:
    """Some fragments in a row, now and then with noise between them, seldom a lot of one."""
    if dice.random() < 0.004:
        return dice.choice(FRAGMENTS) * dice.choice((1000, 5000))
    pieces = dice.choices(FRAGMENTS, k=dice.randint(0, most))
    if dice.random() < 0.3:
        pieces.append("".join(chr(dice.randrange(0x110000)) for _ in range(dice.randint(1, 12))))
    return "".join(pieces)


def value(dice: Random, depth: int = 3) -> object:
    """Anything that JSON can say."""
    kind = dice.randrange(9 if depth else 7)
    if kind < 3:
        return text(dice)
    if kind < 7:
        return dice.choice((None, True, False, 0, 1, -1, 10**30, 1.5, float("nan"), float("inf"), 401, "true", []))
    if kind == 7:
        return [value(dice, depth - 1) for _ in range(dice.randint(0, 4))]
    return {name(dice): value(dice, depth - 1) for _ in range(dice.randint(0, 4))}


NAMES = (
    "result", "error_code", "error_msg", "error", "code", "message", "reason", "status", "success", "request_id",
    "errorCode", "title", "token", "project", "id", "name", "expires_at",
)  # fmt: skip


def name(dice: Random) -> str:
    return dice.choice(NAMES) if dice.random() < 0.9 else text(dice, 2)


def body(dice: Random) -> bytes:
    """What a server, a gateway or a madman may answer."""
    made = json.dumps(value(dice), ensure_ascii=dice.random() < 0.5).encode(errors="surrogatepass")
    match dice.randrange(8):
        case 0:
            return text(dice, 12).encode(errors="surrogatepass")
        case 1:
            return b"<html><title>" + text(dice).encode(errors="surrogatepass") + b"</title>" + made
        case 2:
            return made.decode(errors="replace").encode(dice.choice(("utf-16", "utf-32", "utf-8-sig")))
        case 3:
            return made[: dice.randint(0, len(made))]
        case 4:
            return dice.choice((b"[", b'{"error":')) * dice.choice((10, 900, 3000)) + made
        case 5:
            return b'{"error_code":' + made + b',"error_msg":' + json.dumps(text(dice)).encode() + b"}"
        case 6:
            return b'{"result":' + made + b"}"
    return made if dice.random() < 0.9 else dice.randbytes(dice.randint(0, 200))


def escaped(part: str) -> str:
    """As a TOML text in quotes."""
    return "".join(
        character if character.isprintable() and character not in '"\\' else f"\\U{ord(character):08x}"
        for character in part
        if not 0xD800 <= ord(character) < 0xE000
    )


def control_characters(shown: str) -> set[str]:
    """What a terminal would act on, or a reader be deceived by."""
    return {one for one in set(shown) if unicodedata.category(one) in BAD}


BAD = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
OBEYED = re.compile(rb"\x1b\](?:0|2|8|52);|\x1bP1;2q|\x1bc|\x1b\[6n|evil\.example\x1b|[\x00\x0e]|\xc2[\x80-\x9f]")
"""What the fragments would make a terminal do, as it would reach it."""
HOSTILE = "".join(one for one in FRAGMENTS if control_characters(one) or "[" in one)
PLAIN_HOSTILE = HOSTILE.encode(errors="replace").decode()
"""The same without lone surrogates, which no UTF-8 can carry."""
