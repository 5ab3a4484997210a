"""How AWS is reached, and what is said when it does not do what it is asked."""

import pytest
from botocore import exceptions

from leonidas_jupyter.core.aws import AwsOptions, client, parse_options, trusting
from leonidas_jupyter.core.awsfailures import Cause, explain

ROLE = "arn:aws:iam::123456789012:role/leonidas"


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Nothing of the machine's own AWS is looked at."""
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_a_query_says_how_aws_is_reached():
    options, own = parse_options("region=eu-west-1&profile=team&sse=AES256", ["sse"])
    assert options == AwsOptions(region="eu-west-1", profile="team")
    assert own == {"sse": "AES256"}
    assert parse_options("") == (AwsOptions(), {})


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "ca_bundle=/etc/ca.pem",
        "profile=",
        "profile=a&profile=b",
        "endpoint_url=SECRET",
        "endpoint_url=ftp://SECRET",
        "endpoint_url=http://",
        "endpoint_url=http://user:SECRET@host",
        "role_arn=SECRET",
        "role_arn=arn:aws:iam::123456789012:user/SECRET",
    ],
)
def test_a_query_with_a_mistake_is_refused_without_its_values(query):
    with pytest.raises(ValueError, match=r"\w") as refused:
        parse_options(query)
    assert "SECRET" not in str(refused.value)


def test_a_client_waits_and_tries_again_within_limits():
    made = client("dynamodb", AwsOptions("eu-central-1"), max_pool_connections=7)
    config = made.meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 20)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}
    assert config.max_pool_connections == 7
    made.close()


def test_a_client_trusts_what_it_is_told_to(tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    options = trusting(AwsOptions("eu-central-1"), str(bundle))
    made = client("dynamodb", options)
    assert made._endpoint.http_session._verify == str(bundle)
    made.close()
    assert trusting(options, "") == options


def test_a_client_goes_by_the_proxy_of_the_environment(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    made = client("dynamodb", AwsOptions("eu-central-1"))
    proxies = made._endpoint.http_session._proxy_config
    assert proxies.proxy_url_for("https://dynamodb.eu-central-1.amazonaws.com")
    made.close()


def test_a_role_is_assumed_when_it_is_needed_first(monkeypatch):
    """And no sooner, so that a start does not fail for what comes later."""
    asked = []

    class Sts:
        def __init__(self, **options):
            self.options = options

        def assume_role(self, **request):
            asked.append(request)
            return {
                "Credentials": {
                    "AccessKeyId": "AKIDROLE",
                    "SecretAccessKey": "s",
                    "SessionToken": "t",
                    "Expiration": "2099-01-01T00:00:00Z",
                }
            }

    from botocore.session import Session

    make = Session.create_client

    def create(self, service, *arguments, **options):
        return Sts(**options) if service == "sts" else make(self, service, *arguments, **options)

    monkeypatch.setattr(Session, "create_client", create)
    made = client("dynamodb", AwsOptions("eu-central-1", role_arn=ROLE))
    assert asked == []
    held = made._request_signer._credentials.get_frozen_credentials()
    assert held.access_key == "AKIDROLE"
    assert [request["RoleArn"] for request in asked] == [ROLE]
    made.close()


def test_a_profile_that_is_not_there_is_said():
    with pytest.raises(exceptions.ProfileNotFound) as failed:
        client("dynamodb", AwsOptions("eu-central-1", profile="SECRET"))
    said = explain(failed.value, "DynamoDB", "dynamodb")
    assert said.cause is Cause.CREDENTIALS
    assert "SECRET" not in said.message


def refused(code, message="", operation="PutObject", status=400):
    body = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return exceptions.ClientError(body, operation)


@pytest.mark.parametrize(
    ("error", "permission"),
    [
        (refused("AccessDenied"), "s3:PutObject"),
        (refused("403", operation="HeadObject"), "s3:GetObject and s3:ListBucket"),
        (refused("AccessDenied", operation="CreateMultipartUpload"), "s3:PutObject"),
        (refused("AccessDenied", operation="ListObjectsV2"), "s3:ListBucket"),
        (
            refused("AccessDenied", "x is not authorized to perform: kms:Decrypt on y"),
            "kms:Decrypt",
        ),
    ],
)
def test_who_is_denied_is_told_which_permission_is_needed(error, permission):
    said = explain(error, "The bucket", "s3")
    assert said.cause is Cause.DENIED
    assert said.message.endswith(f"grant it {permission}.")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (refused("SlowDown", status=503), Cause.THROTTLED),
        (refused("ExpiredToken"), Cause.EXPIRED),
        (refused("RequestTimeTooSkewed", status=403), Cause.CLOCK),
        (refused("SignatureDoesNotMatch", "Signature not yet current: x", status=403), Cause.CLOCK),
        (refused("SignatureDoesNotMatch", status=403), Cause.CREDENTIALS),
        (refused("Unheard", status=502), Cause.FAULT),
        (exceptions.NoCredentialsError(), Cause.CREDENTIALS),
        (exceptions.UnauthorizedSSOTokenError(), Cause.EXPIRED),
        (exceptions.ProxyConnectionError(proxy_url="http://x"), Cause.UNREACHABLE),
        (exceptions.ConnectionClosedError(endpoint_url="http://x"), Cause.UNREACHABLE),
        (exceptions.SSLError(endpoint_url="http://x", error="x"), Cause.UNTRUSTED),
        (
            exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
            Cause.UNREACHABLE,
        ),
    ],
)
def test_each_cause_has_its_sentence(error, cause):
    said = explain(error, "The bucket", "s3")
    assert said.cause is cause
    assert said.message.endswith(".")
    assert "http" not in said.message
    assert said.retry_after > 0


@pytest.mark.parametrize("error", [refused("NoSuchKey", status=404), ValueError("x")])
def test_what_is_no_failure_of_aws_is_not_explained(error):
    assert explain(error, "The bucket", "s3") is None
