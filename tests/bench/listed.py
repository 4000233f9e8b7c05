"""Pages of a list of jobs as the vendor's examples have them."""

import json
from collections.abc import Callable

from tests.bench.places import job_id

PAGE_SIZE = 100
PROJECTS = 5


def list_page(first: int, jobs: int, is_running: Callable[[str], bool] = lambda job: False) -> bytes:
    """The page that begins with the job of that number, of a list of so many jobs in `PROJECTS` projects."""
    entries = [_entry(number, is_running) for number in range(first, min(first + PAGE_SIZE, jobs))]
    return json.dumps({"result": {"total": jobs, "job_list": entries}, "status": "success"}).encode()


def _entry(number: int, is_running: Callable[[str], bool]) -> dict[str, object]:
    """With the members of the vendor's example. Jobs are numbered from 1 in watchlists."""
    job = job_id(number + 1)
    project = number % PROJECTS
    return {
        "id": job,
        "job_name": f"payments-api-{number}",
        "job_creator": "0123456789abcdef0123456789abcdef",
        "user_name": "lin",
        "last_build_time": 1_795_000_000_000 + number,
        "health_score": 100,
        "source_code": "codehub",
        "last_build_status": "building" if is_running(job) else "blue",
        "is_finished": not is_running(job),
        "disabled": False,
        "favorite": False,
        "is_modify": True,
        "is_delete": True,
        "is_execute": True,
        "is_copy": True,
        "is_forbidden": True,
        "is_view": True,
        "last_build_user": "lin",
        "trigger_type": "timer",
        "build_time": 480_000,
        "scm_web_url": "https://codehub.example.com/payments/api.git",
        "scm_type": "codehub",
        "repo_id": "0123456",
        "build_number": number % 1000 + 1,
        "project_id": f"{project:032x}",
        "project_name": f"Payments {project}",
        "code_branch": "main",
        "commit_id": "0123456789abcdef0123456789abcdef01234567",
    }
