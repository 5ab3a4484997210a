"""deploy/terraform: formatted, valid, and what it makes is what Leonidas needs."""

import json

import pytest
import trustme

from scripts.servers.process import HOST
from scripts.servers.s3 import REGION, ROOT, Keys, ministack, root_client
from tests.deploy.terraform import SOURCE, TERRAFORM, Terraform, mirror
from tests.production.journey import live_through
from tests.reliability.rig import Server, until

pytestmark = pytest.mark.skipif(
    TERRAFORM is None or mirror() is None,
    reason="terraform and its AWS provider are not here (terraform providers mirror FOLDER)",
)
BEDROCK = ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "openai.gpt-oss-120b-1:0"]
GIVEN = {"region": REGION, "bedrock_models": BEDROCK}


def test_the_configuration_is_formatted_and_valid(tmp_path):
    terraform = Terraform(tmp_path)
    terraform("fmt", "-check", "-diff", str(SOURCE))
    assert json.loads(terraform("validate", "-json").stdout)["diagnostics"] == []


@pytest.fixture(scope="module")
def account(start_server, server_folder):
    """The address of an account, and the authority that vouches for it.

    S3, DynamoDB and IAM, which checks permissions, over TLS: the bucket takes nothing else.
    """
    folder = server_folder / "account"
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    issued = authority.issue_cert(HOST)
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    program = ministack(folder, services="s3,dynamodb,iam,sts", certificate=folder / "server.pem")
    return f"https://{HOST}:{start_server(program).port}", str(folder / "authority.pem")


@pytest.fixture
def terraform(tmp_path, account):
    address, authority = account
    variables = {"AWS_ENDPOINT_URL": address, "AWS_CA_BUNDLE": authority}
    made = Terraform(tmp_path, {**Keys(*ROOT).environment(), **variables})
    made.variables(**GIVEN)
    return made


@pytest.fixture
def root(account, monkeypatch):
    """Makes clients that may do everything."""
    address, authority = account
    monkeypatch.setenv("AWS_CA_BUNDLE", authority)
    return lambda service: root_client(service, address)


@pytest.fixture
def user(root):
    """Makes a user of whom nothing is known but one policy; gives the variables of its keys."""

    def make(policy_arn):
        client = root("iam")
        client.create_user(UserName="service")
        client.attach_user_policy(UserName="service", PolicyArn=policy_arn)
        key = client.create_access_key(UserName="service")["AccessKey"]
        client.close()
        return Keys(key["AccessKeyId"], key["SecretAccessKey"]).environment()

    return make


def objects_in(client, bucket):
    """The keys of the objects that stand in a bucket."""
    return {each["Key"] for each in client.list_objects_v2(Bucket=bucket).get("Contents", ())}


@pytest.mark.soak
def test_what_is_applied_is_what_leonidas_needs(terraform, account, root, user, tmp_path):
    terraform("apply", "-auto-approve", "-input=false")
    terraform("plan", "-detailed-exitcode", "-input=false")  # 2 would be a drift
    outputs = terraform.outputs()
    variables = {
        **dict(line.split("=", 1) for line in outputs["environment"].split()),
        **user(outputs["policy_arn"]),
        "AWS_ENDPOINT_URL": account[0],
        "LEONIDAS_CA_BUNDLE": account[1],
        "LEONIDAS_MODEL": "builtin",
    }
    server = Server(tmp_path / "home", tmp_path / "data", variables=variables)
    try:
        project_id = live_through(server, authority=account[1])
        s3 = root("s3")
        assert objects_in(s3, outputs["bucket"])
        assert server.call("DELETE", f"/projects/{project_id}").status == 204
        until(lambda: not objects_in(s3, outputs["bucket"]))
        s3.close()
        assert "Traceback" not in server.log
    finally:
        server.close()
    terraform("plan", "-detailed-exitcode", "-input=false")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("given", "principal", "resources"),
    [
        ({"role_trust": "none"}, None, 0),
        ({"role_trust": "ec2"}, {"Service": "ec2.amazonaws.com"}, 1),
        (
            {"role_trust": "principals", "principals": ["arn:aws:iam::000000000000:role/hub"]},
            {"AWS": "arn:aws:iam::000000000000:role/hub"},
            0,
        ),
        (
            {
                "role_trust": "irsa",
                "irsa": {
                    "oidc_provider_arn": "arn:aws:iam::000000000000:oidc-provider/oidc.eks/id/A1",
                    "service_accounts": ["jupyterhub:hub"],
                },
            },
            {"Federated": "arn:aws:iam::000000000000:oidc-provider/oidc.eks/id/A1"},
            0,
        ),
    ],
    ids=["none", "ec2", "principals", "irsa"],
)
def test_who_may_take_the_role(terraform, given, principal, resources):
    terraform.variables(**GIVEN, **given)
    terraform("plan", "-input=false", "-out=plan")
    planned = json.loads(terraform("show", "-json", "plan").stdout)["planned_values"]
    made = {each["address"]: each.get("values") for each in planned["root_module"]["resources"]}
    role = made.get("aws_iam_role.service[0]")
    if principal is None:
        assert role is None
    else:
        (statement,) = json.loads(role["assume_role_policy"])["Statement"]
        assert statement["Principal"] == principal
        if given["role_trust"] == "irsa":
            assert statement["Condition"]["StringEquals"] == {
                "oidc.eks/id/A1:sub": "system:serviceaccount:jupyterhub:hub",
                "oidc.eks/id/A1:aud": "sts.amazonaws.com",
            }
    assert sum(address.startswith("aws_iam_instance_profile") for address in made) == resources


@pytest.mark.soak
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"allowed_origins": ["*"]}, "without a path and without"),
        ({"name": "Leonidas"}, "lower-case letters"),
        ({"role_trust": "anyone"}, "One of none"),
        ({"bucket_prefix": "/a"}, "none at its ends"),
        ({"role_trust": "irsa"}, "needs the variable irsa"),
        ({"role_trust": "principals"}, "needs the variable principals"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_values_that_would_do_harm_are_refused(terraform, given, said):
    terraform.variables(**GIVEN, **given)
    refused = terraform("plan", "-input=false", allowed=(1,))
    assert said in " ".join(refused.stderr.split())
