"""The request that the vendor's SDK signed for the test vectors: keys, time, addresses, headers."""

from datetime import UTC, datetime

ACCESS, SECRET = "EXAMPLEAK0000000001", "ExampleSecretKeyForTestsOnly0000000000001"
WHEN = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
DATE = "20240102T030405Z"
HOST = "cloudbuild-ext.cn-north-4.myhuaweicloud.com"
URL = f"https://{HOST}/v3/jobs/901878212b1a49be9c1a1054c272762a/status"
LIST = f"https://{HOST}/v1/job/list?search=a%20b%2F%E4%B8%AD%2B~&page_size=20&page_index=0"
PROJECT = {"X-Project-Id": "0123456789abcdef0123456789abcdef"}
JSON = {"Content-Type": "application/json"}
BODY = b'{"job_id":"901878212b1a49be9c1a1054c272762a"}'
