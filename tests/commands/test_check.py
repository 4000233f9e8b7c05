"""`codearts-watch check`: one line a step, what to do, and an exit code that says whether all that is needed works."""

import asyncio
import errno
import io
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.contract_extras import TRUTHS, tell
from tests.support.contract_server import TOKEN as CONTRACT_TOKEN
from tests.support.contract_server import ContractServer, refusal
from tests.support.credential_fakes import TOKEN
from tests.support.scripts import names
from tests.support.user_home import NO_WORD, User
from tui.clock import now
from tui.commands import config
from tui.commands.check import check
from tui.commands.check_steps import alerts_step, terminal_steps
from tui.commands.output import Output
from tui.core.budget import Limit, Spending
from tui.core.job import Job, JobId
from tui.demo.service import DemoService
from tui.storage.learned import RememberedLimits
from tui.storage.settings import AlertSettings
from tui.storage.shared_budget import BudgetFolder
from tui.storage.watchlist import WatchlistFile
from tui.terminal.notifications import Multiplexer, Outside

MARKS = dict(zip("+x!-", "✓✗!-", strict=True))
FAST = "[polling]\nrequests_per_second = 100\n"


async def checked(user: User, *argv: str, encoding: str = "ascii") -> tuple[int, dict[str, str]]:
    """The exit code, and mark and text of each step by its name."""
    written = io.BytesIO()
    data = io.TextIOWrapper(written, encoding=encoding, errors="backslashreplace")
    code = await check(user.context(*argv), Output(data, None))
    steps = {}
    for line in written.getvalue().decode(encoding).splitlines():
        mark, name, text = line.split(maxsplit=2)
        steps[name] = f"{mark} {text}"
    return code, steps


def at(service: DemoService, iam: bool = True, more: str = "") -> str:
    return f'{FAST}[profiles.demo]\nendpoint = "{service.url}"\n' + f'iam_endpoint = "{service.url}"\n' * iam + more


def watch(user: User, *jobs: JobId) -> None:
    WatchlistFile(user.home / "watchlist.toml").add([Job(job, f"job {number}") for number, job in enumerate(jobs, 1)])


async def test_check_ends_with_0_where_all_is_well(user: User, service: DemoService) -> None:
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    watch(user, service.jobs[0].id)
    code, steps = await checked(user)
    assert code == 0
    assert list(steps) == [
        "settings",
        "keys",
        "theme",
        "watchlist",
        "state",
        "profile",
        "proxy",
        "name",
        "connection",
        "TLS",
        "clock",
        "credential",
        "accepted",
        "budget",
        "job",
        "optional",
        "terminal",
    ]
    assert all(text.startswith("+") for name, text in steps.items() if name != "terminal")
    assert steps["profile"] == f"+ demo (settings: the only one): {service.url}, IAM {service.url}"
    assert steps["credential"] == "+ CODEARTS_TOKEN"
    assert steps["accepted"].startswith("+ by IAM, for project cn-north-4, ends in 87")
    assert steps["job"].startswith("+ job 1 is ")
    assert "CODEARTS_TOKEN" not in user.environ


async def test_a_token_that_has_ended_by_its_date_is_not_called_good(user: User, service: DemoService) -> None:
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    user.now = lambda: now()._replace(wall=now().wall + timedelta(days=400))
    _, steps = await checked(user)
    assert steps["accepted"].startswith("! by IAM, for project cn-north-4, but by its date it ended 20")
    assert steps["accepted"].endswith("UTC: is this machine's clock right?")


REFUSED = {
    "keys": ("[keys]\nrefresh = 'q'\n", "watchlist = 1", "would mean both"),
    "an action that there is not": ("[keys]\nnothing = 'f5'\n", "", "there is no action 'nothing'"),
    "watchlist": ("", "[[jobs", "cannot be used"),
    "profile": ('[profiles.other]\nregion = "nowhere-1"\n', "", "other: "),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_the_screen_refuses_is_found_by_check_and_config(
    user: User,
    service: DemoService,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more, watchlist, said = REFUSED[what]
    user.settings = f'default_profile = "demo"\n{at(service)}{more}'
    user.environ = {"CODEARTS_TOKEN": service.token}
    (user.home / "watchlist.toml").write_text(watchlist)
    code, steps = await checked(user)
    assert code == 2
    assert [text for text in steps.values() if text.startswith("x ") and said in text]
    monkeypatch.setenv("CODEARTS_TOKEN", service.token)
    assert config.run(user.context(), user.arguments("config")) == 2
    data, talk = capsys.readouterr()
    assert said.removeprefix("other: ") in data + talk


async def test_themes_are_read_as_the_screen_reads_them(
    user: User, service: DemoService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    themes = tmp_path / "codearts-watch" / "themes"
    themes.mkdir(parents=True)
    (themes / "own.toml").write_text('name = "own"\nprimary = "no colour"\n')
    user.settings = f'{at(service)}\n[ui]\ntheme = "own"\n'
    user.environ = {"CODEARTS_TOKEN": service.token}
    code, steps = await checked(user)
    assert code == 0
    assert steps["theme"].startswith("! Theme own.toml is left out")
    (themes / "own.toml").unlink()
    assert "There is no theme 'own'; there are " in (await checked(user))[1]["theme"]


async def test_marks_follow_the_encoding(user: User, service: DemoService) -> None:
    user.settings = at(service)
    _, plain = await checked(user)
    _, full = await checked(user, encoding="utf-8")
    assert {name: MARKS[text[0]] + text[1:] for name, text in plain.items()} == full
    assert "✗" in {text[0] for text in full.values()}


async def test_no_token_is_not_signed_in(user: User, service: DemoService) -> None:
    user.settings = at(service)
    code, steps = await checked(user)
    assert code == 3
    assert steps["credential"].startswith("x No token is given: set CODEARTS_TOKEN")
    assert "job" not in steps


@pytest.mark.parametrize(("length", "is_named"), [(4094, False), (4095, True), (4096, False)])
async def test_a_token_as_long_as_a_line_of_a_terminal_was_probably_cut(
    user: User, service: DemoService, length: int, is_named: bool
) -> None:
    user.settings = at(service, more='token_file = "token"\n')
    user.private("token", "M" * length + "\n")
    code, steps = await checked(user)
    assert code == 3
    assert ("token" in steps) is is_named
    if is_named:
        assert steps["token"].startswith("! It has exactly 4095 characters")
        assert "Press i on the screen" in steps["token"]


@pytest.mark.parametrize("iam", [True, False])
async def test_a_refused_token_is_not_signed_in(user: User, service: DemoService, iam: bool) -> None:
    user.settings, user.environ = at(service, iam), {"CODEARTS_TOKEN": TOKEN}
    watch(user, service.jobs[0].id)
    code, steps = await checked(user)
    assert code == 3
    assert steps["accepted" if iam else "job"].startswith("x ")
    assert NO_WORD not in str(steps)


async def test_iam_logs_in_and_a_wrong_password_is_said(user: User, service: DemoService) -> None:
    iam = f'project = "cn-north-4"\n[profiles.demo.iam]\nuser = "{service.user}"\naccount = "{service.domain}"\n'
    user.settings = at(service, more=f'{iam}password_env = "PASSWORD"\n')
    user.environ = {"PASSWORD": service.password}
    code, steps = await checked(user)
    assert code == 0
    assert steps["credential"] == f"+ IAM user {service.user} (settings: profiles.demo.iam)"
    assert steps["accepted"].endswith("renewed by itself")
    assert steps["job"].startswith("- the watchlist has none of this profile")
    assert steps["watchlist"].startswith("+ none yet: the first job that is added makes ")
    user.environ = {"PASSWORD": "guessed-password"}
    code, steps = await checked(user)
    assert (code, steps["credential"][:10]) == (3, "x IAM refu")
    assert "guessed" not in str(steps)


async def test_keys_are_shown_good_by_a_job(user: User, service: DemoService) -> None:
    user.settings = at(service)
    user.environ = {"HW_ACCESS_KEY": service.access_key, "HW_SECRET_KEY": service.secret_key}
    watch(user, JobId("f" * 32), service.jobs[0].id)
    code, steps = await checked(user)
    assert code == 0
    assert steps["accepted"].startswith("- not checked with IAM")
    assert steps["job"].startswith("+ job 2 is ")


async def test_jobs_that_nobody_knows(user: User, service: DemoService) -> None:
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    watch(user, JobId("f" * 32))
    code, steps = await checked(user)
    assert code == 1
    assert steps["job"].startswith("x job 1: ")
    assert steps["job"].count("CB.00031006") == 1
    assert "Check the job ID" in steps["job"]


async def test_a_dead_port_and_a_name_that_is_not_there(user: User) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else is given the port
        user.environ = {"CODEARTS_TOKEN": TOKEN, "CODEARTS_ENDPOINT": f"http://127.0.0.1:{deaf.getsockname()[1]}"}
        code, steps = await checked(user)
    assert code == 1
    assert steps["connection"].startswith("x The host refused the connection")
    assert "credential" not in steps
    nowhere = "https://build.invalid"
    code, steps = await checked(user, "--endpoint", nowhere, "--allow-host", "build.invalid", "--token-file", "x")
    assert code == 1
    assert steps["name"].startswith("x build.invalid was not found: check its spelling")


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), OSError(errno.EMFILE, "")])
async def test_a_name_that_cannot_be_looked_up_for_a_shortage_is_not_called_wrong(
    user: User, service: DemoService, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    user.settings = at(service)
    no_name_is_found(monkeypatch, error)
    code, steps = await checked(user)
    assert code == 1
    assert "was not looked up: too many" in steps["name"]


async def test_a_bug_while_a_name_is_looked_up_is_not_called_a_wrong_name(
    user: User, service: DemoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.settings = at(service)
    no_name_is_found(monkeypatch, RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        await checked(user)


def no_name_is_found(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def fail(*arguments: object, **more: object) -> NoReturn:
        raise error

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", fail)


async def test_a_port_that_does_not_speak_tls(user: User, service: DemoService) -> None:
    user.environ = {"CODEARTS_TOKEN": TOKEN, "CODEARTS_ENDPOINT": service.url.replace("http:", "https:")}
    code, steps = await checked(user)
    assert code == 1
    assert steps["TLS"].startswith("x The port does not speak TLS")
    assert "trusted:" in steps["TLS"]


async def test_a_stranger_is_not_even_looked_up(user: User) -> None:
    code, steps = await checked(user, "--endpoint", "https://cloudbuild-ext.cn-north-4.myhuaweicloud.co")
    assert code == 2
    assert "nothing is sent there" in steps["profile"]
    assert set(steps) == {"settings", "keys", "theme", "watchlist", "state", "profile", "terminal"}


async def test_settings_that_cannot_be_used(user: User) -> None:
    user.settings = "[polling]\nidel = 5\n"
    code, steps = await checked(user)
    assert code == 2
    assert "did you mean polling.idle?" in steps["settings"]
    user.settings = at_nowhere = '[profiles.a]\nendpoint = "http://127.0.0.1:1"\n'
    (user.home / "watchlist.toml").write_text("jobs = 5")
    code, steps = await checked(user, "--profile", "b")
    assert (code, at_nowhere in str(steps)) == (2, False)
    assert steps["settings"].startswith("x --profile names the profile 'b'")


async def test_a_broken_watchlist_is_named(user: User, service: DemoService) -> None:
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    (user.home / "watchlist.toml").write_text("jobs = [")
    code, steps = await checked(user)
    assert code == 2
    assert "watchlist.toml cannot be used" in steps["watchlist"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.chmod(0o444), "it can be read, but not changed: permission denied: check who owns the file"),
        (lambda path: path.write_text("version = 9\n"), "it can be read, but not changed: it was written by a newer"),
        (lambda path: path.parent.chmod(0o777), "it can be read, but not changed: {}: everybody may write into"),
        (lambda path: path.rename(path.parent / "old"), "none yet: the first job that is added makes "),
    ],
    ids=["read-only", "newer", "open to all", "missing"],
)
async def test_a_watchlist_that_cannot_be_changed_is_named(
    user: User, service: DemoService, harm: Callable[[Path], object], said: str
) -> None:
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    watch(user, service.jobs[0].id)
    path, before = user.home / "watchlist.toml", names(user.home)
    harm(path)
    _, steps = await checked(user)
    assert steps["watchlist"].startswith("+" if said.startswith("none") else "!")
    assert said.format(path.parent) in steps["watchlist"]
    assert "Not saved" not in steps["watchlist"]
    assert names(user.home) - {".local"} <= {*before, "settings.toml", "old"}


async def test_a_state_folder_that_cannot_be_made_is_named(
    user: User, service: DemoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    (user.home / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(user.home / "file"))
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    code, steps = await checked(user)
    assert code == 0
    assert steps["state"].startswith("! nothing that is remembered, such as the history, can be kept: ")
    assert f"{user.home}/file: a part of its path is not a folder: mend the path" in steps["state"]


async def test_a_full_disk_is_named_before_something_is_lost(
    user: User, service: DemoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    watch(user, service.jobs[0].id)
    before = names(user.home)

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    code, steps = await checked(user)
    assert code == 0
    for name in ("watchlist", "state"):
        assert steps[name].startswith("! ")
        assert "the disk is full: make room and try again" in steps[name]
    assert names(user.home) - {".local"} == {*before, "settings.toml"}


async def test_the_other_profiles_are_named(user: User, service: DemoService) -> None:
    user.settings = at(service) + '[profiles.other]\nregion = "cn-north-4"\n'
    _, steps = await checked(user, "--profile", "demo")
    assert steps["profile"].endswith("check the others with --profile other")


async def test_a_clock_that_is_wrong_is_told(user: User) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    with DemoService(wall=lambda: ahead) as service:
        user.settings = at(service)
        _, steps = await checked(user)
    assert steps["clock"].startswith("! ")
    assert " s behind the service's" in steps["clock"]


async def test_a_time_that_cannot_be_believed_is_told(user: User) -> None:
    with DemoService(wall=lambda: datetime.now(UTC) + timedelta(days=3)) as service:
        user.settings = at(service)
        _, steps = await checked(user)
    assert steps["clock"].startswith("! 3 days behind what the service says, too far apart to correct for")


@pytest.mark.parametrize("year", [1850, 2150])
async def test_a_time_of_another_age_is_repeated(user: User, year: int) -> None:
    with DemoService(wall=lambda: datetime(year, 6, 1, tzinfo=UTC)) as service:
        user.settings = at(service)
        _, steps = await checked(user)
    assert str(year) in steps["clock"]


def _accept_and_close(server: socket.socket) -> None:
    server.accept()[0].close()


async def test_the_proxy_is_shown_without_its_password(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        thread = threading.Thread(target=_accept_and_close, args=[proxy])
        thread.start()
        address = f"127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@{address}")
        user.environ = {"HTTPS_PROXY": f"http://me:hunter2@{address}", "CODEARTS_TOKEN": TOKEN}
        code, steps = await checked(user, "--region", "cn-north-4")
        thread.join()
    assert code == 1
    assert steps["proxy"] == f"+ http://{address} (HTTPS_PROXY)"
    assert "name" not in steps
    assert steps["connection"].startswith("x ")
    assert steps["connection"].endswith("Check the endpoint, and the proxy: the fault may be its own.")
    assert "hunter2" not in str(steps)


@pytest.mark.parametrize(
    ("environ", "name", "said"),
    [
        ({"TERM": "dumb"}, "terminal", "- none here"),
        ({"TERM": "xterm-256color"}, "colours", "✓ 256"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "colours", "✓ all"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "colours", "✓ none, as NO_COLOR"),
        ({"TERM": "screen", "STY": "1"}, "clipboard", "✓ through GNU screen"),
        ({"TERM": "xterm"}, "clipboard", "✓ by the terminal"),
        ({"TERM": "xterm"}, "terminal", "✓ 80 columns, 24 lines, TERM=xterm"),
    ],
)
def test_check_says_what_the_terminal_can_do(environ: dict[str, str], name: str, said: str) -> None:
    lines = [step.line(True) for step in terminal_steps(environ, True, (80, 24))]
    found = {line.split(maxsplit=2)[1]: line for line in lines}
    mark, text = said.split(maxsplit=1)
    assert found[name].startswith(f"{mark} {name:<12} {text}")


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Outside(terminal="foot"), "✓ alerts       bell arrives; desktop may arrive (as osc777; whether it is shown,"),
        (
            Outside(Multiplexer.TMUX, silenced_by="bell-action none"),
            "! alerts       bell does not arrive (tmux keeps it: bell-action none); desktop does not arrive (a",
        ),
    ],
)
def test_the_alerts_are_one_line(seen: Outside, said: str) -> None:
    line = alerts_step(AlertSettings(), seen).line(True)
    assert line.startswith(said)
    assert line.endswith("codearts-watch alerts test tries it")


def test_a_terminal_that_is_small_or_knows_ascii_only_still_does() -> None:
    steps = {step.name: step.line(False) for step in terminal_steps({"TERM": "xterm"}, False, (30, 5))}
    assert steps["terminal"].startswith("! ")
    assert steps["characters"].startswith("! ")


async def test_it_tells_which_entry_of_no_proxy_makes_the_connection_direct(user: User) -> None:
    nowhere = "https://build.invalid"
    user.environ = {
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "[::1,fe80::/10, .invalid",
        "CODEARTS_TOKEN": TOKEN,
    }
    _, steps = await checked(user, "--endpoint", nowhere, "--allow-host", "build.invalid")
    assert steps["proxy"] == "+ none: the connection is direct (NO_PROXY has .invalid)"


async def test_a_proxy_that_cannot_be_used_is_one_sentence_without_its_address(user: User) -> None:
    user.environ = {"HTTPS_PROXY": "http://me:hunter2@proxy.invalid:99999", "CODEARTS_TOKEN": TOKEN}
    code, steps = await checked(user, "--region", "cn-north-4")
    assert code == 1
    assert steps["proxy"] == (
        "x HTTPS_PROXY is no proxy that can be used: write http://HOST:PORT or socks5://HOST:PORT."
    )


async def test_it_says_direct_of_this_machine_and_means_it(
    user: User, service: DemoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.environ = {
        "HTTP_PROXY": "http://127.0.0.1:1",
        "CODEARTS_TOKEN": service.token,
        "CODEARTS_ENDPOINT": service.url,
    }
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    code, steps = await checked(user)
    assert code == 0
    assert steps["proxy"] == "+ none: the connection is direct (this machine)"
    assert steps["connection"].startswith("+ ")


async def test_each_kind_of_extra_says_what_it_did_and_none_is_needed(user: User) -> None:
    with ContractServer({truth.id: False for truth in TRUTHS}) as server:
        tell(server, TRUTHS)
        user.environ = {"CODEARTS_ENDPOINT": server.url, "CODEARTS_TOKEN": CONTRACT_TOKEN}
        watch(user, JobId(TRUTHS[1].id))
        server.extras["/v1/domain/project/related-page"] = refusal(403, "CB.00020001")
        code, lines = await extras_checked(user)
        assert code == 0
        assert "+ optional     list of jobs: works" in lines
        assert any(line.startswith("! optional     projects: ") and "CB.00020001" in line for line in lines)
        kinds = ("records of builds", "times of a build", "failing step", "log by the older call")
        assert all(f"+ optional     {kind}: works" in lines for kind in kinds)
        assert len(server.requests) < 15
        code, lines = await extras_checked(user, "--status-only")
        assert (code, len(lines)) == (0, 1)
        assert "--status-only" in lines[0]


async def extras_checked(user: User, *argv: str) -> tuple[int, list[str]]:
    """The exit code, and the lines about extras."""
    user.environ.setdefault("CODEARTS_TOKEN", CONTRACT_TOKEN)
    written = io.BytesIO()
    data = io.TextIOWrapper(written, encoding="ascii", errors="backslashreplace")
    code = await check(user.context(*argv), Output(data, None))
    return code, [line for line in written.getvalue().decode().splitlines() if line[2:].startswith("optional")]


async def test_the_budget_says_who_shares_it_and_which_limit_is_known(
    user: User, service: DemoService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    user.settings, user.environ = at(service), {"CODEARTS_TOKEN": service.token}
    _, steps = await checked(user)
    assert steps["budget"] == "+ no other instance uses it now; no limit of the service is known"
    user.environ = {"CODEARTS_TOKEN": service.token}
    identity = user.profile().identity()
    assert identity
    state, now = tmp_path / "state" / "codearts-watch", time.time()
    with closing(BudgetFolder(state / "budget", identity.shared)) as folder:
        spent = [count for other in folder.others(now) for _, count in other.calls]
    assert sum(spent) == 3, "the test request, the list of jobs and that of projects"
    RememberedLimits(state / "limits.json").keep(identity.remembered, Limit(200, 300, now - 3 * 3600), now)
    others = [BudgetFolder(state / "budget", identity.shared) for _ in range(2)]
    for other in others:
        other.exchange(Spending(now, 1.0, (), 5.0, 0.0, 0.0, None))
    user.environ = {"CODEARTS_TOKEN": service.token}
    code, steps = await checked(user)
    said = "+ 2 instances share it; at most 200 requests in 300 s, as the service said 3 h ago"
    assert (code, steps["budget"]) == (0, said)
    for other in others:
        other.close()
    with closing(BudgetFolder(state / "budget", identity.shared)) as other:
        other.exchange(Spending(now, 1.0, (), 5.0, now, now + 1800, None))
        user.environ = {"CODEARTS_TOKEN": service.token}
        code, steps = await checked(user)
        said = "x a test with an invented ID failed: The service asked for a pause. Try again in 30 min."
        assert (code, steps["job"]) == (1, said)
    (state / "budget").chmod(0o755)
    user.environ = {"CODEARTS_TOKEN": service.token}
    code, steps = await checked(user)
    assert code == 0
    assert steps["budget"].startswith("! not shared with other instances: the folder budget is not closed to others")
