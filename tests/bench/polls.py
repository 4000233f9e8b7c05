"""The least that asking costs with httpx: a few workers, and nothing done with the answers."""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count

import httpx

from tests.bench.places import job_id


def client(connections: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=60)
    # without TLS no authorities are needed, which would take 25 ms and a megabyte
    return httpx.AsyncClient(verify=False, trust_env=False, timeout=httpx.Timeout(10, pool=None), limits=limits)


async def ask(
    port: int,
    jobs: Sequence[str],
    rate: float,
    kind: str,
    answer: Callable[[str, bool], None],
    most: int = 0,
    workers: int = 8,
) -> None:
    """`rate` questions a second, evenly, or as many as go (0); `most` of them, or for ever (0); `workers` at once.

    `kind` is `one` client for all or one for `each` worker: httpcore's pool looks at every connection for each request.
    """
    clients = [client(workers)] if kind == "one" else [client(1) for _ in range(workers)]
    turns = iter(range(most)) if most else count()
    start = time.monotonic()

    async def work(http: httpx.AsyncClient) -> None:
        for turn in turns:
            if rate and (wait := start + turn / rate - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            job = jobs[turn % len(jobs)]
            response = await http.get(f"http://127.0.0.1:{port}/v3/jobs/{job}/status", headers={"X-Auth-Token": "x"})
            answer(job, response.json()["result"] is True)

    await asyncio.gather(*(work(clients[place % len(clients)]) for place in range(workers)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--clients", choices=("one", "each"), default="one")
    parser.add_argument("--most", type=int, default=0, help="so many questions, then the end")
    parser.add_argument("--workers", type=int, default=8, help="questions at once")
    options = parser.parse_args()
    every = [job_id(number) for number in range(1, 201)]
    asyncio.run(
        ask(
            options.port,
            every,
            options.rate,
            options.clients,
            lambda job, running: None,
            options.most,
            options.workers,
        )
    )
