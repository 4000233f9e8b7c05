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
    core = importlib.import_module("huaweicloudsdkcore.auth.credentials")
    exceptions = importlib.import_module("huaweicloudsdkcore.exceptions.exceptions")
    build = importlib.import_module("huaweicloudsdkcodeartsbuild.v3")
    keys = core.BasicCredentials(question["access"], question["secret"], question["project_id"])
    client = build.CodeArtsBuildClient.new_builder().with_credentials(keys).with_endpoint(question["url"]).build()
    answers: list[object] = []
    for job in question["jobs"]:
        try:
            answers.append(client.show_job_status(build.ShowJobStatusRequest(job_id=job)).result)
        except exceptions.ClientRequestException as error:
            answers.append([error.status_code, error.error_code, error.error_msg])
        except exceptions.ServerResponseException as error:
            answers.append([error.status_code, error.error_code, error.error_msg])
    return answers


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


if __name__ == "__main__":
    question = json.load(sys.stdin)
    json.dump({"signed": signed, "asked": asked, "logged in": logged_in}[question["what"]](question), sys.stdout)
