"""What of an alert reaches the terminal, bare and through real tmux and screen, and whether `alerts test` says so."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.long_run import MINUTES
from tests.support.program import Home, command
from tests.support.terminal import Terminal

OSC = re.compile(rb"\x1b\](\d+);([^\x07\x1b]*)(?:\x07|\x1b\\)")
STRING = re.compile(rb"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)")
TEST = b"codearts-watch: this is a test"
FROM_ITERM2 = "\x1bP>|iTerm2 3.6.9\x1b\\"
ON = "[alerts]\ntitle = true\n"
WITH_OSC9 = f'{ON}desktop = "osc9"\n'


class Case(NamedTuple):
    """What is between, and what arrives: the sentences are those of `alerts test`."""

    name: str
    options: str
    bell: tuple[int, str]
    desktop: tuple[int, str]
    title: tuple[int, str]
    is_hidden: bool = False


RINGS = (1, "sent; tmux passes it on")
DROPPED = (0, "not sent: tmux would drop it\nto change that: tmux set -g allow-passthrough on")
KEPT = (0, "sent; tmux keeps it as the pane's title (#{pane_title})\nto change that: tmux set -g set-titles on")
SHOWN = (1, "sent as osc9; whether it is shown, only your screen can say")
HIDDEN = (0, "not sent: this pane is not visible, and tmux drops it then; the bell rings")


def silent(option: str, value: str, good: str) -> Case:
    said = f"sent; tmux keeps it: {option} {value}\nto change that: tmux set -g {option} {good}"
    return Case(f"tmux, {option} {value}", f"set -g {option} {value}\n", (0, said), DROPPED, KEPT)


TMUX = [
    Case("tmux", "", RINGS, DROPPED, KEPT),
    Case("tmux, passthrough", "set -g allow-passthrough on\n", RINGS, SHOWN, KEPT),
    Case("tmux, passthrough, hidden", "set -g allow-passthrough on\n", RINGS, HIDDEN, KEPT, True),
    Case("tmux, titles", 'set -g set-titles on\nset -g set-titles-string "#T"\n', RINGS, DROPPED, (1, "sent")),
    silent("visual-bell", "on", "off"),
    silent("monitor-bell", "off", "on"),
    silent("bell-action", "none", "any"),
    silent("bell-action", "other", "any"),
]
VBELL = "sent; screen passes it on only while its visual bell is off, and at first it is on\n"
VBELL += "to change that: vbell off   # in ~/.screenrc"
SCREEN = [
    Case("screen", "", (0, VBELL), SHOWN, (1, "sent")),
    Case("screen, vbell off", "vbell off\n", (1, VBELL), SHOWN, (1, "sent")),
]
DAILY = {"tmux, passthrough", "screen"}


def of_today(cases: list[Case]) -> list[Case]:
    return [case for case in cases if MINUTES or case.name in DAILY]


@pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux")
@pytest.mark.parametrize("case", of_today(TMUX), ids=lambda case: case.name)
def test_what_tmux_lets_through_is_what_is_said(tmp_path: Path, case: Case) -> None:
    home = Home(tmp_path, settings=ON)
    with tmux(home, case.options) as (terminal, server):
        sent = len(terminal.raw)
        if case.is_hidden:
            subprocess.run([*server, "new-window", "-d", shell_line(home)], check=True, timeout=20)
            terminal.wait_for(lambda text: said_by(home) is not None)
        else:
            terminal.send(f"{shell_line(home)}; echo do''ne\n")
        terminal.send("echo ever''ything\n")
        terminal.wait_for("everything")
        check(case, terminal.raw[sent:], said_by(home))


@pytest.mark.skipif(not shutil.which("screen"), reason="there is no screen")
@pytest.mark.parametrize("case", of_today(SCREEN), ids=lambda case: case.name)
def test_what_screen_lets_through_is_what_is_said(tmp_path: Path, case: Case) -> None:
    home = Home(tmp_path, settings=WITH_OSC9)
    (tmp_path / "rc").write_text(case.options)
    (tmp_path / "sockets").mkdir(mode=0o700)
    env = {**home.env, "SCREENDIR": str(tmp_path / "sockets")}
    with Terminal(["screen", "-c", str(tmp_path / "rc"), "sh"], env) as terminal:
        terminal.send("echo rea''dy\n")
        terminal.wait_for("ready")
        sent = len(terminal.raw)
        terminal.send(f"{shell_line(home)}; echo ever''ything\n")
        terminal.wait_for("everything")
        check(case, terminal.raw[sent:], said_by(home))
        terminal.send("exit\n")
        terminal.wait_exit()


def test_a_bare_terminal_gets_everything(tmp_path: Path) -> None:
    home = Home(tmp_path, settings=ON)
    with Terminal(["sh", "-c", shell_line(home)], {**home.env, "TERM": "foot"}) as terminal:
        assert terminal.wait_exit() == 0
        said = "sent as osc777; whether it is shown, only your screen can say"
        check(Case("bare", "", (1, "sent"), (1, said), (1, "sent")), terminal.raw, said_by(home))
        assert terminal.raw.count(b"\x1b[22;2t") == terminal.raw.count(b"\x1b[23;2t") == 1


def test_without_a_terminal_nothing_is_sent(tmp_path: Path) -> None:
    home = Home(tmp_path, settings=WITH_OSC9)
    done = subprocess.run(
        command("alerts", "test"), env={**os.environ, **home.env}, capture_output=True, check=True, timeout=60
    )
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\a" not in done.stdout + done.stderr
    assert done.stdout.count(b"not sent: this is no terminal") == 3


@contextmanager
def tmux(home: Home, options: str) -> Iterator[tuple[Terminal, list[str]]]:
    """A client that says that it is iTerm2, and the command line of its server."""
    configuration = home.folder / "tmux.conf"
    configuration.write_text(options)
    server = ["tmux", "-S", str(home.folder / "socket"), "-f", str(configuration)]
    try:
        with Terminal([*server, "new-session", "sh"], home.env) as terminal:
            terminal.wait_for(lambda text: b"\x1b[>q" in terminal.raw)
            terminal.send(FROM_ITERM2)
            ask = "while ! tmux display -p '#{client_termtype}' | grep -q iTerm2; do sleep 0.1; done; echo rea''dy\n"
            terminal.send(ask)
            terminal.wait_for("ready")
            yield terminal, server
    finally:
        subprocess.run([*server, "kill-server"], check=False, capture_output=True, timeout=20)


def shell_line(home: Home) -> str:
    """Its standard output is a file, so that what is said and what is sent are apart."""
    said = home.folder / "said"
    return f"{shlex.join(command('alerts', 'test'))} > {said}.part; mv {said}.part {said}"


def said_by(home: Home) -> str | None:
    file = home.folder / "said"
    return file.read_text() if file.exists() else None


def check(case: Case, raw: bytes, said: str | None) -> None:
    assert said is not None
    for name, (_, sentence) in {"bell": case.bell, "desktop": case.desktop, "title": case.title}.items():
        assert f"{name:<8} {sentence}\n".replace("\n", "\n" + " " * 9, sentence.count("\n")) in said
    notices = [text for number, text in OSC.findall(raw) if number in (b"9", b"99", b"777")]
    titles = [text for number, text in OSC.findall(raw) if number in (b"0", b"2") and text == TEST]
    assert STRING.sub(b"", raw).count(b"\a") == case.bell[0]
    assert len(notices) == case.desktop[0]
    assert all(text.endswith(TEST) for text in notices)
    assert bool(titles) == bool(case.title[0])  # screen sends it in two ways
