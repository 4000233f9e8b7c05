"""Whatever is on the clipboard may land on the table: it adds nothing unasked, and is never taken for commands."""

import random
from pathlib import Path

from tests.support.contract_server import ContractServer
from tests.support.long_run import takes_hours
from tests.support.program import Home, flowing, numbered
from tests.support.terminal import Terminal
from tests.support.terminal_keys import paste_bytes

PROJECTS = ("a1b2c3d4e5f60718293a4b5c6d7e8f90", "0f9e8d7c6b5a49382716f5e4d3c2b1a0")
PIPELINE = f"https://devcloud.cn-north-4.huaweicloud.com/cicd/project/{PROJECTS[0]}/pipeline/detail/{PROJECTS[1]}"
RECORD = "123e4567-e89b-12d3-a456-426614174000"
NEW, REPEATED, LINES = 50, 3, 500
CHATTER = (
    "qqq xx U u P",
    "please quit and remove the old ones",
    "!!! ??",
    "",
    "y",
    "* all of them",
    "running / idle: p",
)


def chat() -> str:
    """Five hundred lines of a conversation, with IDs and addresses among them."""
    dice = random.Random(7)
    jobs = [f"{dice.getrandbits(128) | 1 << 127:032x}" for _ in range(NEW)]
    pieces = [f"{who}: look at {job} again" for who, job in zip("abcde" * 10, jobs, strict=True)]
    pieces += jobs[:REPEATED]
    pieces += [f"https://devcloud.cn-north-4.huaweicloud.com/codeci/project/{project}/home" for project in PROJECTS]
    pieces += [PIPELINE, f"build record {RECORD}"]
    lines = [*pieces, *(CHATTER * LINES)[: LINES - len(pieces)]]
    dice.shuffle(lines)
    return "\n".join(lines)


def watching(tmp_path: Path, server: ContractServer, labels: dict[str, str]) -> tuple[Home, Terminal]:
    home = Home(tmp_path, server.url)
    home.watch(labels)
    return home, home.start(rows=40, columns=120)


def test_a_long_paste_is_sorted_and_one_undo_takes_it_back_to_the_byte(tmp_path: Path) -> None:
    labels, answers = numbered(3, script=True)
    with ContractServer(answers) as server:
        home, terminal = watching(tmp_path, server, labels)
        with terminal:
            terminal.wait_for("3 running")
            before = home.watchlist.read_bytes()
            terminal.paste(chat())
            text = terminal.wait_for(f"{NEW} new, {REPEATED} repeated, 4 refused")
            seen = flowing(text)
            for _ in range(2):
                terminal.press("pagedown")
                text = terminal.wait_for(text.__ne__)
                seen += flowing(text)
            for reason in ("a project's ID or address", "a pipeline's address", "36-character ID of a build record"):
                assert reason in seen
            assert home.watchlist.read_bytes() == before
            terminal.press("enter")
            terminal.wait_for(f"Added {NEW} jobs")
            terminal.wait_for(f"3 running .* {NEW} no answer")
            assert home.watchlist.read_text().count("[[jobs]]") == 3 + NEW
            terminal.press("u")
            terminal.wait_for("Undone: .* out of the list again")
            terminal.gone(f"{NEW} no answer")
            assert home.watchlist.read_bytes() == before
            terminal.paste(home.watchlist.read_text())
            terminal.wait_for("0 new, 3 already watched")


@takes_hours
def test_the_same_bytes_without_brackets_open_the_same_preview_and_do_nothing_else(tmp_path: Path) -> None:
    labels, answers = numbered(3, script=True)
    with ContractServer(answers) as server:
        home, terminal = watching(tmp_path, server, labels)
        with terminal:
            terminal.wait_for("3 running")
            before = home.watchlist.read_bytes()
            typed = paste_bytes(chat()).removeprefix(b"\x1b[200~").removesuffix(b"\x1b[201~")
            terminal.send(typed)
            text = terminal.wait_for(f"{NEW} new, {REPEATED} repeated, 4 refused")
            assert "Add jobs" in text
            assert home.watchlist.read_bytes() == before
            terminal.press("escape")
            terminal.gone("Add jobs")
            text = terminal.wait_for("^ *3 running")
            assert "paused" not in text
            assert "Removed" not in text
            assert terminal.process.poll() is None
            assert home.watchlist.read_bytes() == before


def test_the_rest_of_a_paste_that_comes_late_answers_nothing(tmp_path: Path) -> None:
    labels, answers = numbered(3, script=True)
    with ContractServer(answers) as server:
        home, terminal = watching(tmp_path, server, labels)
        with terminal:
            terminal.wait_for("3 running")
            before = home.watchlist.read_bytes()
            lines = chat().split("\n")
            for part in (lines[:250], lines[250:400], lines[400:]):  # as over a line that stalls
                seen = terminal.text
                terminal.send("\r".join([*part, ""]))
                terminal.wait_for(seen.__ne__)
            terminal.wait_for(f"{NEW} new, {REPEATED} repeated, 4 refused")
            assert home.watchlist.read_bytes() == before


def test_a_paste_into_the_dialog_counts_together_with_what_is_there(tmp_path: Path) -> None:
    labels, answers = numbered(3, script=True)
    first, *others = labels
    with ContractServer(answers) as server:
        home, terminal = watching(tmp_path, server, {first: "first"})
        with terminal:
            terminal.wait_for("1 running")
            terminal.press("a")
            terminal.wait_for("Add jobs")
            terminal.paste(f"{first}\n{others[0]}\n")
            terminal.wait_for("1 new, 1 already watched")
            terminal.press(*others[1])
            terminal.wait_for("2 new, 1 already watched")
            terminal.press("enter")
            terminal.wait_for("3 running")
        assert [line for line in home.watchlist.read_text().splitlines() if line.startswith("id")] == [
            f'id = "{job}"' for job in labels
        ]
