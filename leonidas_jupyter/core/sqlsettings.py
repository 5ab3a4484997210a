"""The settings of the processes that answer SQL."""

from traitlets import Integer
from traitlets.config import LoggingConfigurable


class SqlSettings(LoggingConfigurable):
    """The part of the settings that bounds what SQL may use."""

    sql_memory_bytes = Integer(
        512 * 1024**2,
        min=32 * 1024**2,
        help="Memory for one SQL query, and for one run of statistics, in bytes. As many queries "
        "run at once as sql_processes says; a result that goes to a notebook may take a quarter.",
    ).tag(config=True)
    sql_timeout_seconds = Integer(
        30, min=1, help="Time for one SQL query, and for one run of statistics, in seconds."
    ).tag(config=True)
    sql_row_limit = Integer(
        1_000_000,
        min=1,
        help="The most rows that one SQL query gives out; of more, the first ones come and are "
        "said to be the first. What is shown or kept with an answer has lower limits of its own; "
        "results that are saved as files have none but saved_bytes_per_project.",
    ).tag(config=True)
    sql_processes = Integer(
        2,
        min=1,
        max=64,
        help="How many SQL queries may run at the same time, each in a process of its own, which "
        "is started when it is first needed; further ones wait.",
    ).tag(config=True)
    sql_threads = Integer(
        2, min=1, max=256, help="Threads of one SQL query; more than there are cores gain nothing."
    ).tag(config=True)
