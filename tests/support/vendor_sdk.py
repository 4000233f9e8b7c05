"""What the vendor's SDK makes of requests: run by the interpreter that has it, with a question as JSON on stdin."""

import importlib
import json
import sys
from typing import Any


def signed(question: dict[str, Any]) -> list[dict[str, str]]:
    """The headers of each request, as its signer leaves them."""
    credentials = importlib.import_module("huaweicloudsdkcore.auth.credentials")
    signer = importlib.import_module("huaweicloudsdkcore.signer.signer")
    request = importlib.import_module("huaweicloudsdkcore.sdk_request")
    keys = credentials.BasicCredentials(question["access"], question["secret"])
    answers = []
    for case in question["cases"]:
        one = request.SdkRequest(
            method=case["method"],
            schema="https",
            host=case["host"],
            resource_path=case["path"],
            query_params=[tuple(pair) for pair in case["query"]],
            header_params={"X-Sdk-Date": case["date"], **case["headers"]},
            body=case["body"],
        )
        answers.append({name: str(value) for name, value in signer.Signer(keys).sign(one).header_params.items()})
    return answers


def asked(question: dict[str, Any]) -> list[object]:
    """What the SDK's client makes of each job's answer: its result, or the error's status, code and message."""
    exceptions = importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")
    build, client = _build_client(question)
    answers: list[object] = []
    for job in question["jobs"]:
        try:
            answers.append(client.show_job_status(build.ShowJobStatusRequest(job_id=job)).result)
        except exceptions.ClientRequestException as error:
            answers.append([error.status_code, error.error_code, error.error_msg])
        except exceptions.ServerResponseException as error:
            answers.append([error.status_code, error.error_code, error.error_msg])
    return answers


def extras(question: dict[str, Any]) -> dict[str, Any]:
    """What the SDK's own models make of the calls beside the status call, about one job and one of its builds."""
    build, client = _build_client(question)
    job, number = question["job"], question["number"]
    start, end = question["window"]
    window = build.ListBuildInfoRecordByJobIdRequest(
        job_id=job, start_time=start, end_time=end, page_index=0, page_size=5
    )
    listed = client.list_job(build.ListJobRequest(page_index=0, page_size=100)).result
    exact = client.show_job_build_record_detail(
        build.ShowJobBuildRecordDetailRequest(job_id=job, build_no=number)
    ).result
    last = client.show_running_status(build.ShowRunningStatusRequest(job_id=job)).result
    newer = client.download_build_real_time_log(
        build.DownloadBuildRealTimeLogRequest(
            job_id=job, build_no=number, start_offset=0, end_offset=0, sort="AES", size=1000
        )
    ).result
    older = client.download_real_time_log(
        build.DownloadRealTimeLogRequest(job_id=job, build_no=number, offset=0, length=1000000)
    ).result
    projects = client.list_related_project_info(build.ListRelatedProjectInfoRequest(page_no=1, page_size=100)).result
    return {
        "names": [entry.job_name for entry in listed.job_list],
        "words": [entry.last_build_status for entry in listed.job_list],
        "project": bare_list(question),
        "records": [
            [record.number, record.state, record.executor, record.code_branch]
            for record in client.list_build_info_record_by_job_id(window).result.job_build_states
        ],
        "exact": [exact.build_no, exact.codeci_job_id, exact.duration, exact.status],
        "name": client.show_job_info(build.ShowJobInfoRequest(job_id=job)).result.job_name,
        "last": [last.last_build_no, last.is_running],
        "logs": [newer.log, older.content],
        "projects": [project.name for project in projects.project_info_list],
    }


def bare_list(question: dict[str, Any]) -> list[str] | None:
    """The names of a project's jobs, where the SDK finds any in the answer."""
    build, client = _build_client(question)
    request = build.ListProjectJobsRequest(project_id=question["codearts_project"], page_index=0, page_size=100)
    jobs = client.list_project_jobs(request).jobs
    return None if jobs is None else [entry.job_name for entry in jobs]


def _build_client(question: dict[str, Any]) -> tuple[Any, Any]:
    core = importlib.import_module("huaweicloudsdkcore.auth.credentials")
    build = importlib.import_module("huaweicloudsdkcodeartsbuild.v3")
    keys = core.BasicCredentials(question["access"], question["secret"], question["project_id"])
    return build, build.CodeArtsBuildClient.new_builder().with_credentials(keys).with_endpoint(question["url"]).build()


def logged_in(question: dict[str, Any]) -> list[object]:
    """A token by password from the SDK's IAM client, then what it reads of that token; or the error of the log-in."""
    core = importlib.import_module("huaweicloudsdkcore.auth.credentials")
    exceptions = importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")
    iam = importlib.import_module("huaweicloudsdkiam.v3")
    keys = core.GlobalCredentials(question["access"], question["secret"], "a-domain-id")
    client = iam.IamClient.new_builder().with_credentials(keys).with_endpoint(question["url"]).build()
    domain = iam.PwdPasswordUserDomain(name=question["domain"])
    user = iam.PwdPasswordUser(domain=domain, name=question["user"], password=question["password"])
    identity = iam.PwdIdentity(methods=["password"], password=iam.PwdPassword(user=user))
    scope = iam.AuthScope(project=iam.AuthScopeProject(id=question["project_id"]))
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth=iam.PwdAuth(identity=identity, scope=scope))
    request = iam.KeystoneCreateUserTokenByPasswordRequest(nocatalog="true", body=body)
    try:
        made = client.keystone_create_user_token_by_password(request)
    except exceptions.ClientRequestException as error:
        return [error.status_code, error.error_code, error.error_msg]
    look = iam.KeystoneValidateTokenRequest(x_subject_token=made.x_subject_token, nocatalog="true")
    seen = client.keystone_validate_token(look)
    return [made.x_subject_token, made.token.project.id, made.token.expires_at, seen.token.expires_at]


CALLS = {"signed": signed, "asked": asked, "extras": extras, "bare list": bare_list, "logged in": logged_in}

if __name__ == "__main__":
    question = json.load(sys.stdin)
    json.dump(CALLS[question["what"]](question), sys.stdout)
