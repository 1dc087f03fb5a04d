"""`unet-gui doctor FOLDER [--fix] [--out COPY] [--in-place BACKUP]`."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterable

    from unet_gui.cli.output import Output
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.doctor import Finding, RepairReport, Report

_SHOWN: Final = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="FOLDER", help="a project or a folder of images and masks"
    )
    parser.add_argument(
        "--fix", action="store_true", help="write a copy in which all that is safe is put right"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--out", metavar="COPY", help="where the copy goes (default: FOLDER-fixed beside it)"
    )
    where.add_argument(
        "--in-place",
        metavar="BACKUP",
        help="with --fix: change FOLDER itself, after keeping what changes in the folder BACKUP",
    )
    parser.add_argument(
        "--all", action="store_true", help="name every file, not only the first of each kind"
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Examine, repair if asked, and say what is left; 1 while an error remains."""
    from unet_gui.core.errors import UsageError

    if (args.out or args.in_place) and not args.fix:
        raise UsageError("--out and --in-place say where --fix writes.", "Add --fix.")
    folder = Path(args.folder)
    report = _examine(folder, output)
    if not args.fix:
        _say(report, output, everything=args.all)
        return 1 if report.errors else 0
    if not report.fixable:
        output.say("There is nothing that could be put right without a person.")
        _say(report, output, everything=args.all)
        return 1 if report.errors else 0
    repaired = output.drain(_repair(report, args))
    for problem in repaired.problems:
        output.warn(problem)
    output.say(f"{len(repaired.fixed)} of {len(report.findings)} findings put right.")
    left = _examine(repaired.out, output)
    _say(left, output, everything=args.all, fixed=len(repaired.fixed))
    return 1 if left.errors else 0


def _repair(report: Report, args: argparse.Namespace) -> Generator[Progress, None, RepairReport]:
    from unet_gui.dataset.doctor import repair, repair_in_place

    if args.in_place:
        return repair_in_place(report, Path(args.in_place))
    beside = report.folder.with_name(f"{report.folder.name}-fixed")
    return repair(report, Path(args.out) if args.out else beside)


def _examine(folder: Path, output: Output) -> Report:
    from unet_gui.dataset.doctor import Finding, examine

    def only_progress() -> Generator[Progress, None, Report]:
        job = examine(folder)
        try:
            while True:
                item = next(job)
                if not isinstance(item, Finding):
                    yield item
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration knows no type
        finally:
            job.close()

    if output.json:
        from unet_gui.core.progress import drain

        return drain(only_progress())
    return output.drain(only_progress())


def _say(report: Report, output: Output, *, everything: bool, fixed: int | None = None) -> None:
    if output.json:
        for finding in report.findings:
            output.event("finding", **finding.to_json())
        more = {} if fixed is None else {"fixed": fixed}
        output.event("done", **report.to_json(), **more)
        return
    lines = list(_lines(report.findings, len(report.findings) if everything else _SHOWN))
    output.result({}, "\n".join([*lines, *([""] if lines else []), _summary(report)]))


def _lines(findings: Iterable[Finding], most: int) -> Generator[str, None, None]:
    """One heading for each kind, the gravest first, and its files below."""
    order = ("error", "warning", "note")
    kinds: dict[tuple[int, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        kinds[order.index(finding.severity.value), finding.code].append(finding)
    for (grave, code), found in sorted(kinds.items()):
        mark = "  (--fix can repair this)" if any(f.fixable for f in found) else ""
        yield f"{order[grave]}: {code}, {len(found)}×{mark}"
        for finding in found[:most]:
            place = f"{finding.file}: " if finding.file else ""
            yield f"  {place}{finding.message}"
        if len(found) > most:
            yield f"  … and {len(found) - most} more (--all names them)"


def _summary(report: Report) -> str:
    if not report.findings:
        return f"{report.folder}: {report.images} images and {report.masks} masks, all well."
    numbers = report.to_json()
    return (
        f"{report.folder}: {report.images} images, {report.masks} masks; "
        f"{numbers['errors']} errors, {numbers['warnings']} warnings, {numbers['notes']} notes; "
        f"{numbers['fixable']} could be put right (--fix)."
    )
