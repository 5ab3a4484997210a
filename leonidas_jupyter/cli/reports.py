"""What a copy did, as a terminal shows it."""

from typing import TYPE_CHECKING

from leonidas_jupyter.cli.watching import in_bytes

if TYPE_CHECKING:
    from leonidas_jupyter.copying.copier import CopyReport
    from leonidas_jupyter.copying.objects import ObjectsReport
    from leonidas_jupyter.copying.tables import TableReport


def lines(report: "CopyReport") -> list[str]:
    """What was done, or would be, as a table."""
    made = [f"{'':16}{'all':>12}{'new':>10}{'changed':>10}{'removed':>10}  checksum"]
    made += [_table_line(each, report.dry_run) for each in report.tables]
    if report.objects is not None:
        made.append(_objects_line(report.objects, report.dry_run))
    return made


def _table_line(table: "TableReport", dry_run: bool) -> str:
    counts = f"{table.items:12,}{table.new:10,}{table.changed:10,}{table.removed:10,}"
    if dry_run:
        return f"{table.name:16}{counts}  {in_bytes(table.item_bytes)}"
    verdict = "ok" if not table.wrong else f"{table.wrong:,} WRONG"
    if table.conflicts:
        verdict += f", of these {table.conflicts:,} have a name or e-mail that others have there"
    if table.kept:
        verdict += f", {table.kept:,} newer there"
    return f"{table.name:16}{counts}  {table.target_checksum[:12]} {verdict}"


def _objects_line(objects: "ObjectsReport", dry_run: bool) -> str:
    counts = f"{objects.objects:12,}{objects.new:10,}{objects.changed:10,}{objects.removed:10,}"
    size = f"{in_bytes(objects.carried_bytes)} of {in_bytes(objects.object_bytes)}"
    verdict = "" if dry_run else " ok" if not objects.wrong else f" {objects.wrong:,} WRONG"
    return f"{'objects':16}{counts}  {size}{verdict}"


def warnings(report: "CopyReport", *, in_use: bool) -> list[str]:
    """What whoever copied should know."""
    found = []
    if in_use or report.working:
        found.append(
            "the source is in use: what changed while it was copied may be missing; stop its "
            "servers and copy again to have all of it (only the differences are carried)."
        )
    if report.objects is not None and report.objects.lost:
        found.append(
            f"{len(report.objects.lost):,} objects that files need are gone at the source itself, "
            f"such as {report.objects.lost[0]}."
        )
    if report.objects is not None and report.objects.damaged:
        found.append(
            f"{len(report.objects.damaged):,} objects are damaged at the source itself, such as "
            f"{report.objects.damaged[0]}: take them from a backup."
        )
    return found


def verdict(report: "CopyReport") -> str:
    """The last word."""
    if report.dry_run:
        return "Nothing was changed: this was a dry run."
    if report.verified:
        return "Copied and verified."
    return "NOT verified: run it again; if this stays, see the lines above."
