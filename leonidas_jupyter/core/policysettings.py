"""The settings of policy: what models may see, and how much people and answers may use."""

from collections.abc import Mapping

from traitlets import Enum, Float, Integer, List, Unicode
from traitlets.config import LoggingConfigurable

from leonidas_jupyter.core.exposure import DataExposure

EXPOSURES = tuple(level.value for level in DataExposure)

HUB_EXPOSURE = DataExposure.SUMMARY.value
"""The ceiling inside a JupyterHub, where the administrator sets none."""

HUB_VARIABLES = ("JUPYTERHUB_SERVICE_PREFIX", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER")


class PolicySettings(LoggingConfigurable):
    """The part of the settings that is about policy."""

    admins = List(
        Unicode(),
        help="User names of administrators, who may export and erase accounts. Nobody can register "
        "under such a name: register first where people have passwords here. In the environment, "
        "separated by commas.",
    ).tag(config=True)
    backup_days = Integer(
        -1,
        min=-1,
        max=3650,
        help="How many days backups hold what was erased, as administrators are told: -1 for 35 "
        "on DynamoDB (its point-in-time recovery), else 0.",
    ).tag(config=True)
    data_exposure_max = Enum(
        EXPOSURES,
        "aggregates",
        help="The most of the data that may reach a model, whatever a project says: "
        "none, schema, summary, aggregates or rows. Default inside a JupyterHub: summary.",
    ).tag(config=True)
    exposure_k = Integer(
        10,
        min=2,
        help="How many rows must share what a model sees of the data below the exposure rows.",
    ).tag(config=True)
    tool_rounds = Integer(
        8, min=1, max=100, help="How often a model may ask for tools in one answer."
    ).tag(config=True)
    run_tokens = Integer(
        0, min=0, help="Tokens that one answer may use, in and out; 0 is no bound."
    ).tag(config=True)
    python_tool = Enum(
        ("ask", "auto", "off"),
        "ask",
        help="Whether DS Bro may run Python: ask first, auto, or off. "
        "The built-in analyst runs SQL and statistics, no Python of its own.",
    ).tag(config=True)
    approval_expires_seconds = Integer(
        86_400,
        min=60,
        max=5 * 86_400,
        help="How long code waits for somebody to approve it, in seconds.",
    ).tag(config=True)
    user_daily_tokens = Integer(
        0,
        min=0,
        help="Tokens that each user may use in a day (UTC), over all models but the built-in "
        "analyst; 0 is no bound.",
    ).tag(config=True)
    user_daily_cost = Float(
        0.0,
        min=0.0,
        help="US dollars that each user may use in a day (UTC), for models whose price is known; "
        "0 is no bound.",
    ).tag(config=True)


def inside_hub(environment: Mapping[str, str]) -> bool:
    """Whether a JupyterHub started this process."""
    return any(environment.get(name) for name in HUB_VARIABLES)
