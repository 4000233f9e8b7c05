"""Every key of the list does what the help says of it, on a small screen and on a large one."""

import re
from functools import partial
from pathlib import Path

from tests.support.long_run import SIZES
from tests.support.program import ASKED_ONCE, row
from tests.support.typist import BAD, JOBS, asked_often_enough, cursor_is_below, typing
from tui.ui.keys import ASK, LOOK, MARK, MOVE, PROGRAM, WATCH


def rows_of(text: str) -> list[str]:
    """The jobs that have a row; the header names some, too."""
    return re.findall(r"job \d{3}", text.partition(" State ")[2])


def head_of(text: str) -> str:
    """The two lines of the header."""
    return "\n".join(text.splitlines()[:2])


@SIZES
def test_the_keys_that_move(tmp_path: Path, rows: int, columns: int) -> None:
    with typing(tmp_path, rows, columns) as typist:
        for keys, number in ((["down", "j"], 3), (["up"], 2), (["k"], 1), (["end"], JOBS), (["home"], 1)):
            typist.press(*keys)
            typist.at(number)
        typist.press("G")
        typist.at(JOBS)
        typist.press("g")
        typist.at(1)
        for there, back, least in (("pagedown", "pageup", rows - 8), ("ctrl+d", "ctrl+u", rows // 2 - 5)):
            typist.press(there)
            typist.wait_for(partial(cursor_is_below, least))
            typist.press(back)
            typist.at(1)
        typist.press("w")
        typist.wait_for("^  State.* Build")
        drawn = typist.terminal.bytes_of_whole_frames()
        typist.terminal.resize(rows, 60)  # all columns have room at 120
        typist.drawn(drawn, b"State", b"Build")
        typist.scroll_away("right", "^  State")
        typist.press(*["left"] * 9)
        typist.wait_for("^  State")
        typist.every_key_of(MOVE)


@SIZES
def test_the_keys_of_the_watchlist(tmp_path: Path, rows: int, columns: int) -> None:
    with typing(tmp_path, rows, columns) as typist:
        before = typist.home.watchlist.read_bytes()
        for key in ("x", "delete"):
            typist.press(key)
            typist.wait_for(r"^ *57 running")
            typist.press("u")
            typist.wait_for(r"^ *58 running")
        typist.press("U")
        typist.wait_for(r"^ *57 running")
        typist.press("u")
        typist.wait_for(r"^ *58 running")
        for key in ("L", "f2"):
            typist.press("home", key)
            typist.wait_for("Label of job 001")
            typist.type(f"{key}\r")
            typist.gone("Label of")
            typist.wait_for(f"running .*job 001.*{key}$")
        typist.press("t")
        typist.wait_for("Tags of job 001Lf2")
        typist.type("red blue\r")
        typist.gone("Tags of")
        typist.press("enter")
        typist.wait_for("tags +red blue")
        typist.press("escape")
        typist.gone("tags +red blue")
        typist.press("u", "u", "u")
        typist.wait_for(r"running .*job 001$")
        typist.wait_for(lambda _: typist.home.watchlist.read_bytes() == before)
        typist.press("O")
        typist.wait_for("Find jobs")
        typist.close("Find jobs")
        typist.press("a")
        typist.wait_for("Add jobs")
        typist.type("901878212b1a49be9c1a1054c272762a\r")
        typist.wait_for("1 new")  # so fast it is a paste, which adds nothing unasked
        typist.press("enter")
        typist.gone("Add jobs")
        typist.wait_for("^› .*90187821")
        typist.every_key_of(WATCH)


@SIZES
def test_the_keys_of_the_look(tmp_path: Path, rows: int, columns: int) -> None:
    with typing(tmp_path, rows, columns) as typist:
        for key in ("enter", "d"):
            typist.press(key)
            typist.wait_for(r"curl -sS -H @-")
            typist.press(key)
            typist.gone("curl -sS -H @-")
        typist.press("D")
        typist.wait_for("(?s)job 002.*HTTP 200.*asked again")
        typist.press("less_than_sign")
        typist.wait_for("(?s)HTTP 200.*asked again")
        typist.press("greater_than_sign", "D")
        typist.press("enter")
        typist.gone("asked again")
        typist.press("e")
        typist.at(BAD[0])
        typist.press("e")
        typist.wait_for("(?s)Why there is no answer.*CB.00031006.*The job does not exist")
        typist.close("Why there is")
        typist.press("l")
        typist.wait_for("Log of job")
        typist.close("Log of job")
        typist.press("h")
        typist.wait_for("Runs of job")
        typist.close("Runs of job")
        typist.press("E")
        typist.wait_for("What happened")
        typist.close("What happened")
        typist.press("n")
        typist.at(BAD[1])
        typist.press("N")
        typist.at(BAD[0])
        typist.press("exclamation_mark")
        typist.wait_for(lambda text: len(rows_of(text)) == len(BAD))
        typist.wait_for(f"{len(BAD)} of {JOBS} shown")
        typist.press("exclamation_mark")
        typist.wait_for("job 004")
        for key in ("slash", "f"):
            typist.press(key)
            typist.wait_for("tag:x, /pattern/")
            typist.type("is:no 5\r")
            typist.wait_for(lambda text: rows_of(text) == ["job 005"])
            typist.press("escape")
            typist.wait_for("job 004")
        typist.press("home", "s")
        typist.wait_for("Sort by")
        typist.press("down", "enter")
        typist.gone("Sort by")
        typist.wait_for(lambda text: rows_of(text)[:1] == ["job 003"])
        typist.press("S")
        typist.press("end")
        typist.wait_for(lambda text: "?" in text.splitlines()[-2])
        typist.press("S", "s")
        typist.wait_for("Sort by")
        typist.press("up", "enter")
        typist.gone("Sort by")
        typist.press("home")
        typist.wait_for(lambda text: rows_of(text)[:1] == ["job 001"])
        typist.press("w")
        typist.press("right", "right", "right", "right")
        typist.wait_for("Build")
        typist.press("w")
        typist.press("left", "left", "left", "left")
        typist.wait_for("^  State")
        typist.press("W")
        typist.wait_for(r"\[x\] Job")
        typist.close(r"\[x\] Job")
        typist.press("F")
        typist.wait_for("There is only one profile")
        typist.press("z")
        typist.wait_for("Group by")
        typist.press("down", "enter")
        typist.wait_for(r"▿ \? no tag \(60\)")
        typist.press("minus")
        typist.wait_for(lambda text: not rows_of(text))
        typist.press("enter")
        typist.wait_for("job 001")
        typist.press("z")
        typist.wait_for("Group by")
        typist.press("up", "enter")
        typist.gone("no tag")
        for number in "123456789":
            typist.press(number)
            typist.wait_for(f"There is no view {number}")
        typist.press("exclamation_mark", "V")
        typist.wait_for("as a view")
        typist.press("enter")
        typist.wait_for("Name of view 1")
        typist.type("problems\r")
        typist.wait_for("Saved as view 1")
        typist.press("0")
        typist.gone("view 1 problems")
        typist.press("1")
        typist.wait_for(f"{len(BAD)} of {JOBS} shown: problems +view 1 problems")
        typist.every_key_of(LOOK)


@SIZES
def test_the_keys_that_ask(tmp_path: Path, rows: int, columns: int) -> None:
    with typing(tmp_path, rows, columns) as typist:
        first = typist.jobs[0]
        for times, key in ((2, "r"), (3, "f5")):
            typist.ask(key, partial(asked_often_enough, [first], times))
        for times, key in ((4, "R"), (5, "ctrl+r")):
            typist.ask(key, partial(asked_often_enough, typist.jobs, times - 2))
        typist.press("p")
        typist.wait_for("= paused .*job 001")
        asked = len(typist.server.asked_for(first))
        typist.press("r")
        typist.wait_for("Paused: nothing is asked")
        typist.press("p")
        typist.wait_for("running .*job 001")
        assert len(typist.server.asked_for(first)) == asked
        typist.press("P")
        typist.wait_for(lambda text: "paused" in head_of(text))
        typist.press("P")
        typist.wait_for(lambda text: "paused" not in head_of(text))
        typist.press("b")
        typist.wait_for("Alert on, once: when job 001 ends")
        typist.press("B")
        typist.wait_for("Silent until")
        typist.every_key_of(ASK)


@SIZES
def test_the_keys_that_mark_and_copy(tmp_path: Path, rows: int, columns: int) -> None:
    with typing(tmp_path, rows, columns) as typist:
        for key in ("y", "c"):
            sent = len(typist.terminal.raw)
            typist.press(key)
            typist.copied(sent, f"^{typist.jobs[0]}$")
        typist.wait_for("Copied job ID")
        sent = len(typist.terminal.raw)
        typist.press("C")
        typist.copied(sent, r"^printf 'X-Auth-Token: %s\\n' .\$CODEARTS_TOKEN. \| curl -sS -H @- \S+/status$")
        typist.press("space", "space")
        typist.marked(1, 2)
        typist.at(3)
        typist.press("v", "down", "v", "down")
        typist.marked(1, 2, 3, 4)
        sent = len(typist.terminal.raw)
        typist.press("Y")
        typist.wait_for("Copied 4 reports")
        typist.copied(
            sent, rf"^{typist.jobs[0]} \| job 001 \| running[^\n]*\n(?s:.*)CB\.00031006 \| The job does not exist"
        )
        typist.press("p")
        typist.wait_for(r"(?s)= paused .*job 001.*= paused .*job 004")
        typist.press("p", "escape")
        typist.marked()
        typist.press("asterisk")
        typist.wait_for(lambda text: len(re.findall(r"^.\+", text, re.MULTILINE)) > rows - 6)
        typist.press("x")
        typist.wait_for("Removed 60 jobs")
        typist.wait_for("No jobs yet")
        typist.press("u")
        typist.wait_for(r"^ *58 running|60 unread")
        typist.press("o")
        typist.wait_for("No address is known")
        typist.every_key_of(MARK)


@SIZES
def test_the_keys_of_the_program(tmp_path: Path, rows: int, columns: int) -> None:
    with typing(tmp_path, rows, columns) as typist:
        for key in ("question_mark", "f1"):
            typist.press(key)
            typist.wait_for("(?s)Add jobs: IDs or addresses.*esc: close")
            typist.close("IDs or addresses")
        typist.press("T")
        typist.wait_for("codearts-dark")
        drawn = len(typist.terminal.raw)
        typist.press("down")
        typist.drawn(drawn, b"job 001")
        typist.close("codearts-dark")
        typist.press("i")
        typist.wait_for("enter: try it")
        typist.close("enter: try it")
        typist.press("colon")
        typist.wait_for("Search for commands")
        typist.type("only problems")
        typist.wait_for("failed, stale, longer than usual")
        typist.press("enter")
        typist.wait_for(f"{len(BAD)} of {JOBS} shown")
        typist.press("exclamation_mark")
        typist.wait_for("job 001")
        drawn = len(typist.terminal.raw)
        typist.press("ctrl+l")
        typist.drawn(drawn, b"State", b"job 002", b"help")
        typist.press("escape")
        typist.every_key_of(PROGRAM)


def test_keys_that_were_given_to_other_commands(tmp_path: Path) -> None:
    with typing(tmp_path, 24, 80, ASKED_ONCE + '[keys]\nremove = "Z"\nhelp = "f9"\n') as typist:
        assert "f9 help" in typist.terminal.lines[-1]
        typist.press("x", "down")
        typist.at(2)
        assert "58 running" in typist.terminal.text
        typist.press("Z")
        typist.wait_for("57 running")
        typist.wait_for(lambda text: not row(text, "job 002"))
        assert row(typist.terminal.text, "job 001")
        typist.press("f9")
        typist.type("unwatch")
        typist.wait_for(r"Remove the marked.* Z ")
