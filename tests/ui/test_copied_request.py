"""The line that `C` copies, run for real: it works in every shell, and no process shows the token in its arguments."""

import asyncio
import os
import secrets
import shutil
from pathlib import Path

import pytest

from tests.support.builders import row, state
from tests.support.scripted_server import GOOD, ScriptedConnection, ScriptedServer
from tui.core.reading import Status
from tui.ui.details import curl
from tui.ui.row import Subject

TOKEN = f"{secrets.token_hex(20)}%s\\n"
"""Like no other: programs of other tests, which run at the same time, have theirs in their arguments."""
SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh", "fish") if shutil.which(shell)]


def arguments_of_all() -> list[bytes]:
    """Of every process, as anybody on this host may read them."""
    read = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            read.append(path.read_bytes())
        except OSError:  # it ended meanwhile
            continue
    return read


@pytest.mark.skipif(not (Path("/proc/self/cmdline").exists() and shutil.which("curl")), reason="needs /proc and curl")
@pytest.mark.parametrize("shell", SHELLS)
async def test_the_copied_line_asks_and_shows_the_token_to_nobody(tmp_path: Path, shell: str) -> None:
    curl_alone = tmp_path / "bin"
    curl_alone.mkdir()
    (curl_alone / "curl").symlink_to(shutil.which("curl") or "")  # another printf than the shell's is not to be had
    seen: list[bytes] = []

    async def watching(connection: ScriptedConnection) -> None:
        await connection.request()
        seen.extend(arguments_of_all())
        await connection.send(GOOD)

    async with ScriptedServer(watching) as server:
        line = curl(Subject(row(state((Status.IDLE, 0)), at=1), server.url, None, 15))
        process = await asyncio.create_subprocess_exec(
            shutil.which(shell) or shell,
            "-c",
            line,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": str(curl_alone), "HOME": str(tmp_path), "CODEARTS_TOKEN": TOKEN},
        )
        output, complaint = await asyncio.wait_for(process.communicate(), 30)
    assert output == b'{"result":true}', complaint
    assert f"X-Auth-Token: {TOKEN}\r\n".encode() in server.heads[0]
    assert any(b"curl" in arguments and server.url.encode() in arguments for arguments in seen)
    assert not any(TOKEN[:16].encode() in arguments for arguments in seen), os.fsdecode(shell)


def test_an_address_that_a_shell_would_read_otherwise_is_quoted() -> None:
    line = curl(Subject(row(state((Status.IDLE, 0)), at=1), "http://[::1]:8080", None, 15))
    assert " 'http://[::1]:8080/v3/jobs/" in line
