"""One installation carried from engine to engine, over real servers, and home again."""

import asyncio
import itertools
import random

from traitlets.config import Config

from leonidas_jupyter.chat.repository import MESSAGES
from leonidas_jupyter.chat.schemas import Message, MessageRole
from leonidas_jupyter.copying.copier import CopyOptions
from leonidas_jupyter.copying.progress import Silent
from leonidas_jupyter.core.config import load_settings
from leonidas_jupyter.server import tables
from leonidas_jupyter.server.copies import Installation, run_copy
from leonidas_jupyter.server.engines import open_database
from tests.cli.installation import fill, same


def installation(folder, **urls):
    folder.mkdir(exist_ok=True)
    config = Config({"Leonidas": {"data_dir": str(folder), **urls}})
    return Installation(load_settings(config, {}), folder)


async def carry(source, target, **options):
    return await run_copy(source, target, CopyOptions(**options), Silent())


async def say_at_length(folder):
    """Messages that are larger than an item of DynamoDB may be, and hard to compress."""
    letters = random.Random(7)  # noqa: S311 - no secret
    said = "".join(chr(letters.randrange(32, 0x2000)) for _ in range(500_000))
    message = Message(
        session_id="s", message_id="m", role=MessageRole.USER, content=said, said=said[::-1]
    )
    database = open_database(f"sqlite:///{folder}/leonidas.db")
    await database.table(MESSAGES).load([message])
    await database.close()


def test_everything_goes_round_all_engines_unchanged(tmp_path, dynamodb_url, s3_url, postgres_url):
    home = tmp_path / "home"
    fill(home, messages=120, files=4)

    async def body():
        await say_at_length(home)
        stops = [
            installation(home),
            installation(tmp_path / "aws", database_url=dynamodb_url, storage_url=s3_url),
            installation(tmp_path / "postgres", database_url=postgres_url),
            installation(
                tmp_path / "duckdb", database_url=f"duckdb:///{tmp_path / 'duckdb' / 'leo.duckdb'}"
            ),
            installation(tmp_path / "back"),
        ]
        checksums = []
        for source, target in itertools.pairwise(stops):
            dry = await carry(source, target, dry_run=True)
            await tables.create(target.settings)
            report = await carry(source, target)
            assert report.verified, report
            assert [t.new for t in dry.tables] == [t.new for t in report.tables]
            assert (report.objects.new, report.lost) == (12, 0)
            again = await carry(source, target)
            assert again.verified
            assert sum(t.new + t.changed + t.removed for t in again.tables) == 0
            assert again.objects.new == again.objects.changed == 0
            checksums.append([t.target_checksum for t in report.tables])
        assert all(each == checksums[0] for each in checksums)

    asyncio.run(body())
    assert same(home, tmp_path / "back")
