"""A fast status service on loopback, so that what is measured is who asks it.

`python -m tests.bench.service --change 0.2` prints its port, and lets each job change at one in five questions. With
`--listed 2000` it has lists of so many jobs as well, which say the same as the statuses.
"""

import argparse
import asyncio
import http.client
import json
import re
import subprocess
import sys
import zlib
from collections import Counter
from types import TracebackType
from typing import Self, cast

from tests.bench.listed import PAGE_SIZE, list_page
from tests.bench.places import ENVIRONMENT, ROOT

_HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
    b"X-Request-Id: 0123456789abcdef0123456789abcdef\r\nContent-Length: "
)


_PAGE = re.compile(rb"/v1/job/list\?page_index=([0-9]+)&page_size=100(?:&build_status=building)?")


class Jobs:
    """Every fourth job runs at first, and one in a hundred where there are lists.

    Each changes at every `period`th question about it, or never (0).
    """

    def __init__(self, period: int, listed: int = 0) -> None:
        """The filter for building jobs is not known here, so that each sweep reads all `listed` jobs."""
        self.requests = self.pages = 0
        self._one_in = 100 if listed else 4
        self._bodies = [list_page(first, listed, self._is_running) for first in range(0, listed, PAGE_SIZE)]
        self._period = period
        self._asked: Counter[bytes] = Counter()

    def answer(self, target: bytes) -> bytes:
        if target == b"/stats":
            return json.dumps({"requests": self.requests, "pages": self.pages}).encode()
        if (page := _PAGE.fullmatch(target)) and int(page[1]) < len(self._bodies):
            self.pages += 1
            return self._bodies[int(page[1])]
        self.requests += 1
        phase = zlib.crc32(target)
        runs = phase % self._one_in == 0
        self._asked[target] += 1
        turns = (self._asked[target] + phase // 4 % self._period) // self._period if self._period else 0
        return b'{"result":true}' if runs != bool(turns % 2) else b'{"result":false}'

    def _is_running(self, job: str) -> bool:
        """Whether the job runs at first."""
        return zlib.crc32(f"/v3/jobs/{job}/status".encode()) % self._one_in == 0


class StatusProtocol(asyncio.Protocol):
    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *requests, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for request in requests:
            body = self._jobs.answer(request.split(b" ", 2)[1])
            self._transport.write(_HEAD + str(len(body)).encode() + b"\r\n\r\n" + body)


async def serve(period: int, listed: int) -> None:
    jobs = Jobs(period, listed)
    server = await asyncio.get_running_loop().create_server(lambda: StatusProtocol(jobs), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Service:
    """The service in a process of its own, for the length of a `with` block."""

    def __init__(self, change: float = 0.0, listed: int = 0) -> None:
        """`change` is the share of questions that find the job changed, `listed` the number of jobs in lists."""
        options = ["--change", str(change), "--listed", str(listed)]
        command = [sys.executable, "-m", "tests.bench.service", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    @property
    def requests(self) -> int:
        """How many statuses it has been asked for."""
        return self._count("requests")

    @property
    def pages(self) -> int:
        """How many pages of lists it has been asked for."""
        return self._count("pages")

    def _count(self, what: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/stats")
        count = json.loads(connection.getresponse().read())[what]
        connection.close()
        return int(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--change", type=float, default=0.0, help="share of questions that find the job changed")
    parser.add_argument("--listed", type=int, default=0, help="jobs that lists have")
    options = parser.parse_args()
    asyncio.run(serve(round(1 / options.change) if options.change else 0, options.listed))
