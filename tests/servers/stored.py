"""What a database holds, whichever engine it is: looked at, and put back as it was."""


async def items_of(database, spec):
    """Every item of a table, those whose time is over among them."""
    found, after = [], None
    while True:
        page = await database.table(spec).scan(after=after)
        found += page.items
        if (after := page.next) is None:
            return found


async def snapshot(database, specs):
    """Every item of each table, for ``put_back``."""
    return [(spec, await items_of(database, spec)) for spec in specs]


async def put_back(database, before):
    """Let tables hold what they held: what SIGKILL leaves of work that went on meanwhile."""
    for spec, items in before:
        table = database.table(spec)
        for item in await items_of(database, spec):
            await table.delete(spec.key_of(item))
        await table.load(items)
