"""What an ``s3://`` URL may say, and how it is refused."""

import pytest
from traitlets.config import Config

from leonidas_jupyter.core.config import SettingsError, load_settings
from leonidas_jupyter.core.s3place import MAX_PREFIX, parse_s3


def test_everything_that_can_be_said():
    place = parse_s3(
        "s3://my-bucket/teams/a?region=eu-central-1&endpoint_url=http://127.0.0.1:9000&profile=p"
        "&role_arn=arn:aws:iam::123456789012:role/leo&addressing=path&sse=aws:kms"
        "&kms_key_id=alias/leo&public_endpoint_url=https://files.example.org"
    )
    assert (place.bucket, place.prefix, place.addressing) == ("my-bucket", "teams/a/", "path")
    assert (place.aws.region, place.aws.profile) == ("eu-central-1", "p")
    assert place.aws.endpoint_url == "http://127.0.0.1:9000"
    assert place.encryption == {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/leo"}
    assert place.public_endpoint_url == "https://files.example.org"


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/", "s3://bucket//"])
def test_the_least(url):
    place = parse_s3(url)
    assert (place.bucket, place.prefix, place.encryption) == ("bucket", "", {})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://", "not the name of a bucket"),
        ("s3:///prefix", "not the name of a bucket"),
        ("s3://Bucket", "not the name of a bucket"),
        ("s3://key:secret@bucket", "not the name of a bucket"),
        ("s3://bucket/a b", "other signs"),
        ("s3://bucket/../x", "other signs"),
        (f"s3://bucket/{'a' * (MAX_PREFIX + 1)}", "more than"),
        ("s3://bucket?acl=public-read", "acl is not known"),
        ("s3://bucket?sse=rot13", "sse takes AES256 or aws:kms"),
        ("s3://bucket?sse=AES256&kms_key_id=k", "goes with sse=aws:kms"),
        ("s3://bucket?addressing=dns", "addressing takes auto, path, virtual"),
        ("s3://bucket?public_endpoint_url=files", "public_endpoint_url is not an address"),
        ("s3://bucket?endpoint_url=ftp://x", "endpoint_url is not the address"),
    ],
)
def test_what_is_refused_and_how(tmp_path, url, said):
    config = Config({"Leonidas": {"storage_url": url, "data_dir": str(tmp_path)}})
    with pytest.raises(SettingsError) as refused:
        load_settings(config, {})
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_bucket_is_a_setting(tmp_path):
    environment = {"LEONIDAS_STORAGE_URL": "s3://bucket/x", "LEONIDAS_TRANSFER": "proxy"}
    settings = load_settings(Config({"Leonidas": {"data_dir": str(tmp_path)}}), environment)
    assert (settings.storage, settings.transfer) == ("s3://bucket/x", "proxy")


def test_certificates_must_be_some(tmp_path):
    path = tmp_path / "ca.pem"
    for content in (None, "no certificate"):
        if content is not None:
            path.write_text(content)
        config = Config({"Leonidas": {"ca_bundle": str(path), "data_dir": str(tmp_path)}})
        with pytest.raises(SettingsError, match="ca_bundle: not a file of certificates"):
            load_settings(config, {})
