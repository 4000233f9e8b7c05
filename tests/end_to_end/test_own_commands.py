"""A command of the user's own takes the terminal, and gives it back."""

from pathlib import Path

from tests.support.program import ASKED_ONCE, SETTINGS
from tests.support.typist import Typist, typing
from tests.test_processes import Pipe

COMMANDS = """
[commands.ask]
key = "f6"
run = "terminal"
command = ["sh", "-c", "stty; printf 'name of %s? ' \\"$CODEARTS_LABEL\\"; read answer; echo \\"got $answer\\"; exit 3"]

[commands.hang]
key = "f7"
run = "terminal"
command = ["sh", "-c", "stty echo; trap 'echo suspended' TSTP; echo hanging; read line; echo got $line; read line"]

[commands.gone]
key = "f8"
run = "terminal"
command = ["/nowhere/program"]
"""
HOLD = """
[commands.hold]
key = "f7"
run = "terminal"
command = ["sh", "-c", "trap '' HUP TERM; exec 3> '{}'; echo holding; exec sleep 600"]
"""
RUDE = r'''
[commands.rude]
key = "f9"
run = "terminal"
command = ["sh", "-c", """
    echo started; printf '\\033[?1049h\\033[?1;1000h\\033[?25l\\033[3;5r'
    stty raw; kill -9 $$"""]
'''


def wait_until_asked(typist: Typist) -> None:
    asked = len(typist.server.requests)
    typist.server.wait_for(lambda requests: len(requests) > asked)


def test_the_terminal_is_lent_to_a_command_and_drawn_anew_after_it(tmp_path: Path) -> None:
    with typing(tmp_path, 24, 80, SETTINGS + COMMANDS) as typist:
        typist.press("down", "f6")
        typist.wait_for(r"name of job 002\?")
        assert "running" not in typist.terminal.text
        wait_until_asked(typist)  # polling goes on
        typist.type("me\rahead")
        typist.wait_for(r"(?s)got me.*ask ended with exit status 3\. Press a key to go back\.")
        wait_until_asked(typist)
        assert "Press a key" in typist.terminal.text  # what was typed too early does not count
        typist.type("\x03")  # ctrl+c is a key, too
        typist.at(2)
        typist.gone("got me")
        typist.press("f7")
        typist.wait_for(r"(?m)^hanging")  # on a line of its own, below what was there before
        typist.type("\x1ago on\r")  # there is no shell to resume it: ctrl+z means nothing
        typist.wait_for(r"(?m)^got\b")
        assert b"suspended" not in typist.terminal.raw
        typist.type("\x03")  # ends the command alone
        typist.wait_for(r"hang was ended by signal 2\. Press a key")
        typist.type(" ")
        typist.at(2)
        typist.press("f8")
        typist.wait_for(r"(?s)gone cannot be run:.*/nowhere/program: No such file")
        typist.press("down")
        typist.at(3)
        typist.press("q")
        assert typist.terminal.wait_exit() == 0
        assert typist.terminal.left_behind() == ()


def test_a_command_that_is_killed_in_the_middle_leaves_nothing_in_the_terminal(tmp_path: Path) -> None:
    with typing(tmp_path, 24, 80, ASKED_ONCE + RUDE) as typist:
        typist.press("down", "f9", "f9")  # in a hurry
        typist.wait_for(r"rude was ended by signal 9\. Press a key to go back\.")
        assert set(typist.terminal.left_behind()) <= {"echo and line editing"}  # it waits for a key
        ended = typist.terminal.raw.rpartition(b"Press a key")[0]
        assert ended.rfind(b"\x1b[r") > ended.rfind(b"\x1b[3;5r")  # all lines scroll
        typist.type(" q~" * 60)  # what comes with the key is no key of the screen, and is not shown
        typist.wait_for("rude was not run: another command")
        assert typist.terminal.raw.count(b"started\r\n") == 1
        assert b"~" not in typist.terminal.raw.rpartition(b"Press a key")[2]
        typist.at(2)
        assert "marked" not in typist.terminal.text
        typist.press("q")
        assert typist.terminal.wait_exit() == 0
        assert typist.terminal.left_behind() == ()


def test_a_signal_while_a_command_has_the_terminal_ends_both(tmp_path: Path) -> None:
    pipe = Pipe(tmp_path / "pipe")
    with typing(tmp_path, 24, 80, ASKED_ONCE + HOLD.format(pipe.path)) as typist:
        typist.press("f7")
        typist.wait_for("holding")
        typist.terminal.kill()
        assert typist.terminal.wait_exit() == 143
        assert typist.terminal.left_behind() == ()
        assert b"Press a key" not in typist.terminal.raw  # there is no screen to go back to
    assert pipe.is_let_go()
