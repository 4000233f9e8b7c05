"""The harness itself: a test that waits for the right thing must see it, and one for the wrong thing must fail."""

import http.client
import itertools
import re
import signal
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.contract_server import TOKEN, ContractServer, Reply, Request, refusal
from tests.support.sent_requests import take_others
from tests.support.terminal import Terminal
from tests.support.terminal_keys import key_bytes
from tests.support.terminal_screen import TerminalScreen

ID = "901878212b1a49be9c1a1054c272762a"
ENTER = r"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?1004h\x1b[?2004h\x1b[>1u"
LEAVE = r"\x1b[<u\x1b[?2004l\x1b[?1004l\x1b[?1000;1006l\x1b[?25h\x1b[?1049l"
RAW = "import sys, tty, termios; saved = termios.tcgetattr(0); tty.setraw(0)\n"
SHOW = "import os\ndef show(text): os.write(1, text.encode())\n"


def python(program: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", program]


def test_a_program_is_seen_typed_into_and_left_with_its_exit_code() -> None:
    program = "name = input('who? '); print('hello', name); raise SystemExit(7)"
    with Terminal(python(program)) as terminal:
        terminal.wait_for(r"who\?")
        terminal.send("you")
        terminal.press("enter")
        assert terminal.wait_exit() == 7
        assert terminal.lines[:2] == ("who? you", "hello you")
        assert b"hello you\r\n" in terminal.raw
        assert terminal.restored()


def test_keys_arrive_as_a_terminal_sends_them() -> None:
    program = RAW + SHOW + "show('ready')\nwhile (key := os.read(0, 99)) != b'q': show(repr(key))"
    with Terminal(python(program)) as terminal:
        terminal.wait_for("ready")
        for names, bytes_seen in ((("down",), r"\x1b[B"), (("ctrl+x",), r"\x18"), (("alt+x", "enter"), r"\x1bx\r")):
            terminal.press(*names)
            terminal.wait_for(re.escape(f"b'{bytes_seen}'"))
        terminal.paste("a\nb")
        terminal.wait_for(re.escape(r"\x1b[200~a\rb\x1b[201~"))
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.left_behind() == ("echo and line editing",)


def test_a_paste_larger_than_any_buffer_arrives_whole() -> None:
    program = (
        RAW
        + SHOW
        + "show('ready')\ngot = b''\nwhile not got.endswith(b'201~'): got += os.read(0, 99)\nshow(str(len(got)))"
    )
    with Terminal(python(program)) as terminal:
        terminal.wait_for("ready")
        terminal.paste("x" * 100_000)
        terminal.wait_for("100012")


def test_a_program_that_takes_no_input_does_not_hold_up_the_test() -> None:
    with Terminal(python(f"{RAW}{SHOW}import signal\nshow('deaf')\nsignal.pause()")) as terminal:
        terminal.wait_for("deaf")
        with pytest.raises(TimeoutError, match=r"(?s)took no more input.*deaf"):
            terminal.send("x" * 100_000, timeout=0.05)


def test_keys_that_nobody_knows_are_refused() -> None:
    assert key_bytes("f5") == b"\x1b[15~"
    for name in ("retrun", "ctrl+ü", ""):
        with pytest.raises(ValueError, match="no key"):
            key_bytes(name)


def test_resizing_reaches_the_program() -> None:
    program = (
        SHOW + "import signal\n"
        "signal.signal(signal.SIGWINCH, lambda *_: show(repr(tuple(os.get_terminal_size()))))\n"
        "show(repr(tuple(os.get_terminal_size())))\nwhile True: signal.pause()"
    )
    with Terminal(python(program), rows=10, columns=40) as terminal:
        terminal.wait_for(r"\(40, 10\)")
        terminal.resize(30, 100)
        terminal.wait_for(r"\(100, 30\)")
        assert len(terminal.lines) == 30


def test_what_a_program_leaves_behind_is_named() -> None:
    up, down = f"show('{ENTER}up')\nos.read(0, 1)\n", f"show('{LEAVE}')\ntermios.tcsetattr(0, 0, saved)"
    with Terminal(python(RAW + SHOW + up + down)) as terminal:
        terminal.wait_for("up")
        assert terminal.left_behind() == (
            "the alternate screen",
            "the mouse",
            "focus reports",
            "bracketed paste",
            "the hidden cursor",
            "keyboard reports",
            "echo and line editing",
        )
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.left_behind() == ()


def test_the_alternate_screen_gives_way_to_what_was_there() -> None:
    program = SHOW + f"show('before')\nshow('{ENTER}inside')\ninput()\nshow('{LEAVE} after')"
    with Terminal(python(program)) as terminal:
        terminal.wait_for("inside")
        assert "before" not in terminal.text
        terminal.press("enter")
        terminal.gone("inside")
        terminal.wait_for("before after")


def test_waiting_in_vain_fails_with_what_the_screen_shows() -> None:
    with Terminal(python("print('only this')")) as terminal:
        with pytest.raises(AssertionError, match=r"(?s)'that' did not appear and the program ended.*only this"):
            terminal.wait_for("that")
        with pytest.raises(AssertionError, match="'only' did not go"):
            terminal.gone("only")


def test_a_program_that_stays_is_reported_and_ended() -> None:
    with Terminal(python("print('staying'); input()")) as terminal:
        terminal.wait_for("staying")
        with pytest.raises(AssertionError, match=r"(?s)did not end.*staying"):
            terminal.wait_exit(timeout=0.01)
    assert terminal.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("how", ["hang up", "terminate"])
def test_a_signal_shows_in_the_exit_code(how: str) -> None:
    with Terminal(python("print('waiting'); input()")) as terminal:
        terminal.wait_for("waiting")
        terminal.hang_up() if how == "hang up" else terminal.kill()
        assert terminal.wait_exit() == -(signal.SIGHUP if how == "hang up" else signal.SIGTERM)


def test_the_program_meets_a_bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CODEARTS_TOKEN", "a person's own")
    program = "import os; print(os.environ.get('CODEARTS_TOKEN'), os.environ['TERM'], os.environ['MORE'], os.getcwd())"
    with Terminal(python(program), {"MORE": "more"}, columns=200, cwd=tmp_path) as terminal:
        assert terminal.wait_exit() == 0
        assert terminal.lines[0] == f"None xterm-256color more {tmp_path}"


def test_what_is_shown_in_the_middle_of_a_frame_does_not_count() -> None:
    program = (
        f"{RAW}{SHOW}def ask():\n show('\x1b[?2026$p'); assert os.read(0, 99) == b'\x1b[?2026;2$y'\n"
        "for _ in range(9):\n show('\x1b[?2026h\x1b[Hred'); ask(); ask(); show('\x1b[Hgreen\x1b[?2026l')\n"
        "show(' done'); os.read(0, 1)"
    )
    seen: set[str] = set()

    def is_done(text: str) -> bool:
        seen.add(text.strip())
        return "done" in text

    with Terminal(python(program)) as terminal:
        terminal.wait_for(is_done)
    assert {text.split(" ")[0] for text in seen} <= {"", "green"}


ODD = (
    "a\x1b[>1u\x1b[?2026$p\x1b[<ub\x1b[=0;1u\x1bP+q544e\x1b\\c\x1b]0;title\x07\x1b]52;c;eA==\x1b\\\x1b[c"
    "\x1b[1;31md\x1b[4:3m\x1b[1;2;3;4He报"
)


def test_sequences_that_draw_nothing_leave_no_trace() -> None:
    screen = TerminalScreen(2, 40)
    screen.feed(ODD.encode())
    assert (screen.lines, screen.title) == (("abcde报", ""), "title")


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(ODD.encode())), max_size=8))
def test_output_may_be_cut_anywhere(cuts: list[int]) -> None:
    screen, data = TerminalScreen(2, 40), ODD.encode()
    places = [0, *sorted(cuts), len(data)]
    for start, end in itertools.pairwise(places):
        screen.feed(data[start:end])
    assert (screen.lines, screen.title) == (("abcde报", ""), "title")


def ask(server: ContractServer, job_id: str = ID, token: str = TOKEN, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, f"/v3/jobs/{job_id}/status", headers={"X-Auth-Token": token} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_server_answers_what_the_test_says_and_notes_what_was_asked() -> None:
    with ContractServer({ID: True}) as server:
        assert ask(server) == (200, '{"result": true}')
        server.answers[ID] = refusal(500, "CB.00060101", "broken")
        assert ask(server) == (500, '{"error_code": "CB.00060101", "error_msg": "broken"}')
        server.answers[ID] = lambda request: Reply(502, f"<p>{request.method}</p>", {"Content-Type": "text/html"})
        assert ask(server) == (502, "<p>GET</p>")
        assert ask(server, "unknown")[0] == 422
        assert ask(server, method="DELETE")[0] == 404
        assert [request.method for request in server.asked_for(ID)] == ["GET", "GET", "GET", "DELETE"]
        assert server.requests[0].headers["x-auth-token"] == TOKEN
        assert server.requests[0].at <= server.requests[1].at
    assert take_others() == ["GET /v3/jobs/unknown/status", f"DELETE /v3/jobs/{ID}/status"]


def test_the_server_wants_its_token() -> None:
    with ContractServer({ID: False}) as server:
        assert "x-auth-token not found" in ask(server, token="")[1]
        assert ask(server, token="wrong")[0] == 401
        server.token = "wrong"
        assert ask(server, token="wrong") == (200, '{"result": false}')


def test_the_server_can_close_hang_stop_and_come_back_on_the_same_port() -> None:
    with ContractServer({ID: "close"}) as server:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server)
        url = server.url
        kept = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        server.answers[ID] = "hang"
        kept.request("GET", f"/v3/jobs/{ID}/status", headers={"X-Auth-Token": TOKEN})
        server.wait_for(lambda requests: len(requests) == 2)
        server.stop()
        with pytest.raises(ConnectionError):
            kept.getresponse()
        kept.close()
        with pytest.raises(ConnectionRefusedError):
            ask(server)
        server.answers[ID] = True
        server.restart()
        assert server.url == url
        assert ask(server) == (200, '{"result": true}')


def test_stopping_the_server_cuts_connections_that_are_kept() -> None:
    with ContractServer({ID: True}) as server:
        kept = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        for is_alive in (True, False):
            with nullcontext() if is_alive else pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
                kept.request("GET", f"/v3/jobs/{ID}/status", headers={"X-Auth-Token": TOKEN})
                assert kept.getresponse().read() == b'{"result": true}'
                server.stop()
        kept.close()


def test_waiting_for_requests_that_never_come_names_those_that_did() -> None:
    def never(requests: list[Request]) -> bool:
        return False

    with ContractServer() as server:
        ask(server)
        with pytest.raises(AssertionError, match=f"GET /v3/jobs/{ID}/status"):
            server.wait_for(never, timeout=0.01)
