"""ministack (MIT), which speaks S3, IAM and STS and checks every signature."""

import json
import os
import socket
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scripts.servers.dynamodb import answers
from scripts.servers.process import HOST, Program, ServerMissing

REGION = "eu-central-1"
ROOT = ("test", "test")
"""The key of ministack's root, which takes any secret; whoever tests permissions is a user."""


@dataclass(frozen=True)
class Keys:
    """An access key of AWS, and its secret."""

    access_key_id: str
    secret_access_key: str

    def environment(self) -> dict[str, str]:
        """The variables from which every AWS client takes them, and no other file or service."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def ministack(
    scratch: Path,
    data: Path | None = None,
    services: str = "s3,iam,sts",
    certificate: Path | None = None,
) -> Program:
    """An S3 that keeps its buckets in the folder ``data``, or in memory.

    With a ``certificate`` (and its key, in one file) it speaks TLS.

    Raises:
        ServerMissing: it is not installed.
    """
    if find_spec("ministack") is None:
        raise ServerMissing("There is no S3 server (ministack) here; run: pip install '.[test]'")

    def command(port: int) -> Sequence[str]:
        # Not its own main: that leaves a file with its process id, and saves nothing when it ends.
        serve = ["-m", "hypercorn", "ministack.app:app", "--log-level", "WARNING"]
        safe = ["--certfile", str(certificate), "--keyfile", str(certificate)]
        return [
            *(sys.executable, *serve, *(safe if certificate else [])),
            *("--bind", f"{HOST}:{port}"),
        ]

    def environment(port: int) -> Mapping[str, str]:
        settings = {
            "AUTH": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "MINISTACK_REGION": REGION,
            "SERVICES": services,
            "SFTP_ENABLED": "0",
            "TMPDIR": str(scratch),
        }
        if data is None:
            return settings
        kept = {"PERSIST_STATE": "1", "STATE_DIR": str(data / "state"), "S3_PERSIST": "1"}
        return {**settings, **kept, "S3_DATA_DIR": str(data / "objects")}

    return Program("ministack", command, speaks_tls if certificate else answers, environment)


def speaks_tls(port: int) -> bool:
    """Whether something there greets by TLS; whose certificate it is does not matter."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((HOST, port), 5) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def root_client(service: str, endpoint: str) -> Any:  # noqa: ANN401 - boto3 makes its classes
    """A client of ministack that may do everything."""
    import boto3

    return boto3.Session().client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=ROOT[0],
        aws_secret_access_key=ROOT[1],
    )


def make_bucket(endpoint: str, bucket: str) -> None:
    """Make a bucket where there is none."""
    client = root_client("s3", endpoint)
    if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    client.close()


def make_user(endpoint: str, name: str, statements: Sequence[Mapping[str, object]]) -> Keys:
    """A user with a policy and a fresh key; the keys that it had before are removed."""
    client = root_client("iam", endpoint)
    try:
        client.create_user(UserName=name)
    except client.exceptions.EntityAlreadyExistsException:
        for old in client.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            client.delete_access_key(UserName=name, AccessKeyId=old["AccessKeyId"])
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    client.put_user_policy(UserName=name, PolicyName="leonidas", PolicyDocument=policy)
    made = client.create_access_key(UserName=name)["AccessKey"]
    client.close()
    return Keys(made["AccessKeyId"], made["SecretAccessKey"])


def bucket_policy(bucket: str) -> list[dict[str, object]]:
    """What Leonidas may do in a bucket; deploy/terraform/iam.tf allows the same."""
    whole = f"arn:aws:s3:::{bucket}"
    objects = [
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ]
    bucket_itself = [
        "s3:GetBucketCORS",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
    ]
    return [
        {"Effect": "Allow", "Action": objects, "Resource": f"{whole}/*"},
        {"Effect": "Allow", "Action": bucket_itself, "Resource": whole},
    ]


def table_policy(prefix: str) -> list[dict[str, object]]:
    """Everything on the tables of a prefix, for a server that also makes them."""
    tables = f"arn:aws:dynamodb:*:*:table/{prefix}*"
    return [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": [tables, f"{tables}/index/*"]}]
