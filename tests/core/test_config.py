import stat

import pytest
from traitlets.config import Config
from traitlets.config.loader import KVArgParseConfigLoader

from leonidas_jupyter.core.config import SettingsError, load_settings

KEY = "k" * 32


@pytest.fixture
def load(tmp_path):
    def go(config=None, environment=None, **traits):
        section = {"data_dir": str(tmp_path / "data"), **traits}
        return load_settings(config or Config({"Leonidas": section}), environment or {})

    return go


def refused(load, *, config=None, environment=None, **traits):
    with pytest.raises(SettingsError) as caught:
        load(config, environment, **traits)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_defaults_live_in_the_data_directory(load, tmp_path):
    settings = load()
    assert settings.database == f"sqlite:///{tmp_path}/data/leonidas.db"
    assert settings.storage == f"file://{tmp_path}/data/objects"
    assert settings.lasting
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_environment_is_read_and_configuration_overrides_it(load):
    environment = {
        "LEONIDAS_MAX_UPLOAD_BYTES": "1000",
        "LEONIDAS_DEMO_PROJECT": "false",
        "LEONIDAS_ALLOWED_MODELS": "builtin, openai:gpt-5",
        "LEONIDAS_LOGIN_RATE": "3/hour",
        "PATH": "/bin",
    }
    settings = load(environment=environment, login_rate="5/minute")
    assert settings.max_upload_bytes == 1000
    assert settings.demo_project is False
    assert settings.allowed_models == ["builtin", "openai:gpt-5"]
    assert settings.login_rate == "5/minute"


def test_command_line_overrides_the_environment(tmp_path):
    loader = KVArgParseConfigLoader()
    arguments = [
        f"--Leonidas.data_dir={tmp_path}",
        "--Leonidas.max_upload_bytes=77",
        "--Leonidas.allowed_models=builtin",
        "--Leonidas.allowed_models=openai:x",
    ]
    settings = load_settings(
        loader.load_config(arguments), {"LEONIDAS_MAX_UPLOAD_BYTES": "1", "LEONIDAS_AUTH": "auto"}
    )
    assert settings.max_upload_bytes == 77
    assert settings.allowed_models == ["builtin", "openai:x"]


def test_secrets_may_stand_in_files(load, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{KEY}\n{KEY[::-1]}x\n")
    settings = load(environment={"LEONIDAS_SIGNING_KEYS_FILE": str(file)})
    assert settings.signing_keys == [KEY, KEY[::-1] + "x"]
    assert "cannot be read" in refused(
        load, environment={"LEONIDAS_SIGNING_KEYS_FILE": str(tmp_path / "nowhere")}
    )


def test_the_key_of_a_model_may_stand_in_a_file(load, tmp_path):
    (tmp_path / "key").write_text("sk-1\n")
    settings = load(environment={"LEONIDAS_MODEL_API_KEY_FILE": str(tmp_path / "key")})
    assert settings.model_api_key == "sk-1"


def test_the_model_is_allowed_where_nobody_said_which_are(load):
    assert load(model="bedrock:m").allowed_models == ["builtin", "bedrock:m"]
    listed = load(model="bedrock:m", allowed_models=["bedrock:*"])
    assert listed.allowed_models == ["bedrock:*"]
    assert listed.given >= {"model", "allowed_models"}


def test_variables_of_clients_are_not_settings(load):
    load(environment={"LEONIDAS_URL": "http://x", "LEONIDAS_KERNEL_SECRET": "s"})


@pytest.mark.parametrize(
    ("traits", "named"),
    [
        ({"databse_url": "memory://"}, "databse_url"),
        ({"database_url": "postgres://user:hunter2@host/db"}, "database_url"),
        ({"database_url": "sqlite://relative.db"}, "database_url"),
        ({"database_url": "http://[broken"}, "database_url"),
        ({"storage_url": "s3:/bucket"}, "storage_url"),
        ({"storage_url": "file://host/x"}, "storage_url"),
        ({"login_rate": "ten per minute"}, "login_rate"),
        ({"login_rate": "0/minute"}, "login_rate"),
        ({"max_upload_bytes": -1}, "max_upload_bytes"),
        ({"max_upload_bytes": "much"}, "max_upload_bytes"),
        ({"auth": "oauth"}, "auth"),
        ({"data_exposure_max": "everything"}, "data_exposure_max"),
        ({"signing_keys": ["short"]}, "signing_keys"),
        ({"signing_keys": {"hunter2": 1}}, "signing_keys"),
        ({"allowed_models": ["no good"]}, "allowed_models"),
        ({"model": "openai:x", "allowed_models": ["builtin", "bedrock:*"]}, "model"),
        ({"model": "openai:*"}, "model"),
        ({"model_base_url": "ftp://host/v1"}, "model_base_url"),
        ({"model_base_url": "https://me:hunter2@host/v1"}, "model_base_url"),
        ({"model_endpoint_url": "http://[broken"}, "model_endpoint_url"),
        ({"model_api_key": {"hunter2": 1}}, "model_api_key"),
        ({"model_role_arn": "analyst"}, "model_role_arn"),
        ({"model_region": "Frankfurt"}, "model_region"),
        ({"model_timeout_seconds": 0}, "model_timeout_seconds"),
    ],
)
def test_what_does_not_fit_is_named_in_one_line(load, traits, named):
    message = refused(load, **traits)
    assert f"c.Leonidas.{named}" in message
    assert "hunter2" not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LEONIDAS_DATABSE_URL", "memory://"),
        ("LEONIDAS_MODEL_FILE", "x"),  # not a secret
        ("LEONIDAS_MAX_UPLOAD_BYTES", "2 GB"),
        ("LEONIDAS_DEMO_PROJECT", "perhaps"),
        ("LEONIDAS_SIGNING_KEYS", "hunter2"),
    ],
)
def test_bad_variables_are_named(load, variable, value):
    message = refused(load, environment={variable: value})
    assert variable in message
    assert "hunter2" not in message


def test_data_directory_must_be_writable(tmp_path):
    (tmp_path / "file").write_text("")
    config = Config({"Leonidas": {"data_dir": str(tmp_path / "file" / "below")}})
    with pytest.raises(SettingsError, match="cannot be made"):
        load_settings(config, {})
    with pytest.raises(SettingsError, match="data_dir"):
        load_settings(Config({"Leonidas": {"data_dir": "/proc/leonidas"}}), {})


def test_every_setting_is_explained():
    from leonidas_jupyter.core.config import Leonidas

    for name, trait in Leonidas.class_traits(config=True).items():
        assert trait.help, name


@pytest.mark.parametrize(
    "variable", ["JUPYTERHUB_USER", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVICE_PREFIX"]
)
def test_inside_a_hub_models_see_less_unless_somebody_says_otherwise(load, variable):
    hub = {variable: "x"}
    assert load().data_exposure_max == "aggregates"
    assert load(environment={variable: ""}).data_exposure_max == "aggregates"
    assert load(environment=hub).data_exposure_max == "summary"
    assert load(environment=hub, data_exposure_max="rows").data_exposure_max == "rows"
    named = hub | {"LEONIDAS_DATA_EXPOSURE_MAX": "aggregates"}
    assert load(environment=named).data_exposure_max == "aggregates"
