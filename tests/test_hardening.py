"""No other program of the user reads the secrets of a command that waits for an answer."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.contract_server import TOKEN, ContractServer
from tests.support.long_run import by_length
from tests.support.other_users import needs_public_python

JOB, NO_JOB = str(job_id(1)), "0" * 32
NOBODY = 65534
"""Root may read everything: then all of this is done as somebody else."""
READ = "import sys; sys.stdout.buffer.write(open(f'/proc/{sys.argv[1]}/environ', 'rb').read())"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows processes this way"),
    needs_public_python,
]


@pytest.fixture
def home() -> Iterator[Path]:
    """Below no folder that is closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config" / "codearts-watch"
        config.mkdir(parents=True)
        (config / "watchlist.toml").write_text(f'version = 1\n\n[[jobs]]\nid = "{JOB}"\n')
        Path(folder).chmod(0o755)
        yield Path(folder)


def start(program: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    pipe, user = subprocess.PIPE, NOBODY if os.geteuid() == 0 else None
    others: list[int] | None = [] if user else None
    return subprocess.Popen(
        program, env=environ, stdin=pipe, stdout=pipe, stderr=pipe, user=user, group=user, extra_groups=others
    )


def environ_of(pid: int) -> tuple[int, bytes]:
    """The exit code of a program of the same user that reads it, and what it read."""
    reader = start([sys.executable, "-c", READ, str(pid)], {"PATH": os.environ["PATH"]})
    output, _ = reader.communicate(timeout=60)
    return reader.returncode, output


def test_the_attack_reads_a_program_that_does_nothing_against_it() -> None:
    program = start([sys.executable, "-c", "print(flush=True); input()"], {"SECRET": TOKEN})
    assert program.stdout
    program.stdout.readline()
    assert environ_of(program.pid) == (0, f"SECRET={TOKEN}\0".encode())
    program.kill()
    program.communicate()


@pytest.mark.parametrize("command", by_length(["follow", "check"], ["follow", f"wait {JOB}", "status", "check"]))
def test_a_command_that_asks_is_read_by_no_other_program(home: Path, command: str) -> None:
    with ContractServer({JOB: "hang", NO_JOB: "hang"}) as server:
        environ = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CODEARTS_ENDPOINT": server.url,
            "CODEARTS_TOKEN": TOKEN,
        }
        program = start([sys.executable, "-m", "tui", *shlex.split(command)], environ)
        server.wait_for(lambda requests: len(requests) >= 1)
        code, read = environ_of(program.pid)
        limits = Path(f"/proc/{program.pid}/limits").read_text()
        program.kill()
        program.communicate()
    assert (code, TOKEN.encode() in read) == (1, False)
    (core,) = (line.split() for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core[4:6] == ["0", "0"]
