"""The guard of the whole test run: a request that is not on the list of the design is noticed, whoever sends it."""

import http.client

import httpx
import pytest

from tests.support.contract_server import ContractServer
from tests.support.sent_requests import LISTED, take_others

JOB = "901878212b1a49be9c1a1054c272762a"


@pytest.mark.parametrize(
    "request_",
    [
        f"POST /v3/jobs/{JOB}/status",
        f"DELETE /v1/job/{JOB}/info",
        f"GET /v1/job/{JOB}/config",
        "POST /v1/record/brief?limit=1",
        "POST /v3/auth/tokens/revoke",
        f"GET /v3/jobs/{JOB}/status?x=1",
        f"GET /v1/job/{JOB}/../execute",
        f"GET /v1/record/{JOB}/0/record-info",
    ],
)
def test_no_other_request_is_on_the_list(request_: str) -> None:
    assert not LISTED.fullmatch(request_)


async def test_what_leaves_through_a_transport_is_noticed() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(f"https://build.example.com/v3/jobs/{JOB}/status")
        assert take_others() == []
        await client.post("https://build.example.com/v1/job/execute")
    assert take_others() == ["POST /v1/job/execute"]


def test_what_a_program_sends_to_a_server_is_noticed() -> None:
    with ContractServer() as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        connection.request("PUT", f"/v1/job/{JOB}/info")
        connection.getresponse().read()
        connection.close()
    assert take_others() == [f"PUT /v1/job/{JOB}/info"]
