"""Putting right what is safe: in a copy, or in place with the originals kept."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import MaskWriteError, ProjectError, UnetGuiError
from unet_gui.core.progress import Progress
from unet_gui.dataset.doctor.class_list import read_classes
from unet_gui.dataset.doctor.pixels import decode
from unet_gui.dataset.doctor.rewriting import rewrite
from unet_gui.dataset.files import explain, write_atomic, write_json
from unet_gui.dataset.masks import save_mask
from unet_gui.dataset.project_file import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Generator

    from unet_gui.dataset.doctor.findings import Finding, Report, Step


@dataclass(slots=True)
class RepairReport:
    """The outcome of a repair.

    Attributes:
        out: The folder that holds the repaired data.
        fixed: Findings that were put right.
        problems: What could not be done after all, a sentence each; those files are as they were.
        copied: Files that went into the copy unchanged; 0 in place.
    """

    out: Path
    fixed: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    copied: int = 0


@dataclass(slots=True)
class _Plan:
    """What becomes of each file, by name."""

    steps: dict[str, list[Step]] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    leave_out: set[str] = field(default_factory=set)
    lines: dict[str, set[str]] = field(default_factory=dict)
    project: list[tuple[str, str]] = field(default_factory=list)

    @property
    def touched(self) -> list[str]:
        names = {*self.steps, *self.renames, *self.leave_out, *self.lines}
        return sorted(names | ({FILE_NAME} if self.project else set()))

    def target(self, name: str) -> str:
        """Where a file goes; a rewritten mask is a PNG."""
        new = self.renames.get(name, name)
        return f"{new.rpartition('.')[0]}.png" if name in self.steps and "." in new else new


def repair(report: Report, out: Path) -> Generator[Progress, None, RepairReport]:
    """Write a copy of the examined folder in which all that is safe is put right.

    The folder itself is only read. When it is closed or fails, nothing is left of the copy.

    Args:
        report: What `examine` found; the folder must not have changed since.
        out: The copy; it must not be there yet, or be empty.

    Raises:
        ProjectError: `out` is taken, lies inside the folder, or cannot be written.
    """
    folder, out = report.folder, out.absolute()
    _check_out(folder, out)
    made = not out.exists()
    done = False
    try:
        result = yield from _copy(report, folder, out)
        done = True
    except OSError as exc:
        reason, hint = explain(exc)
        raise ProjectError(f"{out} could not be written: {reason}.", hint) from exc
    finally:
        if not done:
            shutil.rmtree(out, ignore_errors=True)
            if not made:
                out.mkdir(exist_ok=True)
    return result


def repair_in_place(report: Report, backup: Path) -> Generator[Progress, None, RepairReport]:
    """Put right what is safe in the folder itself, after keeping each file that changes.

    Cancelled half way, what is done stays done; examine and repair again for the rest.

    Args:
        report: What `examine` found.
        backup: Where the originals go, under their old names; it must not be there yet.

    Raises:
        ProjectError: `backup` is taken or cannot be written. Nothing was changed.
    """
    folder, backup = report.folder, backup.absolute()
    _check_out(folder, backup)
    result, plan = RepairReport(folder), _plan(report)
    try:
        for i, name in enumerate(plan.touched):
            yield Progress(i, 2 * len(plan.touched), name)
            _copy_file(folder / name, backup / name)
    except OSError as exc:
        shutil.rmtree(backup, ignore_errors=True)
        reason, hint = explain(exc)
        raise ProjectError(f"{backup} could not be written: {reason}.", hint) from exc
    classes = read_classes(folder).table or ClassTable()
    failed: set[str] = set()
    for i, name in enumerate(plan.touched):
        yield Progress(len(plan.touched) + i, 2 * len(plan.touched), name)
        try:
            _check_free(folder, plan, name)
            _change_in_place(folder, name, plan, classes)
        except (UnetGuiError, OSError) as exc:
            failed.add(name)
            result.problems.append(f"{name} was left as it is: {exc}")
    result.fixed = _fixed(report, failed)
    return result


def _copy(report: Report, folder: Path, out: Path) -> Generator[Progress, None, RepairReport]:
    result, plan = RepairReport(out), _plan(report)
    classes = read_classes(folder).table or ClassTable()
    names = _files(folder)
    touched = {*plan.touched}
    failed: set[str] = set()
    for i, name in enumerate(names):
        yield Progress(i, len(names), name)
        if name in plan.leave_out:
            continue
        try:
            if name in touched:
                _check_free(folder, plan, name)
                _change(folder, out, name, plan, classes)
            else:
                _copy_file(folder / name, out / name)
                result.copied += 1
        except (MaskWriteError, PermissionError, FileNotFoundError) as exc:
            failed.add(name)
            result.problems.append(f"{name} was not copied: {exc}")
        except UnetGuiError as exc:
            failed.add(name)
            result.problems.append(f"{name} was copied as it is: {exc.message}")
            _copy_file(folder / name, out / name)
    _point_outside(folder, out)
    result.fixed = _fixed(report, failed)
    return result


def _change_in_place(folder: Path, name: str, plan: _Plan, classes: ClassTable) -> None:
    if name in plan.leave_out:
        (folder / name).unlink()
        return
    if name in plan.steps or name in plan.lines or name == FILE_NAME:
        _change(folder, folder, name, plan, classes)
        if plan.target(name) != name:
            (folder / name).unlink()
        return
    target = folder / plan.target(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / name).rename(target)


def _check_free(folder: Path, plan: _Plan, name: str) -> None:
    """Refuse to give a file a name that another one has.

    Raises:
        ProjectError: that would lose one of them.
    """
    target = folder / plan.target(name)
    if plan.target(name) != name and target.exists() and not _same_file(target, folder / name):
        raise ProjectError(f"{plan.target(name)} is there already.")


def _change(source: Path, out: Path, name: str, plan: _Plan, classes: ClassTable) -> None:
    """Write the put-right form of one file into `out`."""
    target = out / plan.target(name)
    if name in plan.steps:
        pixels = decode(source / name)
        mask = rewrite(pixels.values, plan.steps[name])
        save_mask(target, mask, classes, owner=pixels.owner)
    elif name in plan.lines:
        _drop_lines(source / name, target, plan.lines[name])
    elif name == FILE_NAME and plan.project:
        write_json(target, _changed_project(source / name, plan.project))
    else:
        _copy_file(source / name, target)


def _plan(report: Report) -> _Plan:
    plan = _Plan()
    for finding in report.fixable:
        remedy = finding.remedy
        if remedy is None:
            continue
        if remedy.steps:
            plan.steps.setdefault(finding.file, []).extend(remedy.steps)
        for old, new in remedy.renames:
            plan.renames.setdefault(old, new)
        plan.leave_out |= {*remedy.leave_out}
        for file, line in remedy.drop_lines:
            plan.lines.setdefault(file, set()).add(line)
        plan.project += remedy.project
    return plan


def _fixed(report: Report, failed: set[str]) -> list[Finding]:
    return [f for f in report.fixable if not _files_of(f) & failed]


def _files_of(finding: Finding) -> set[str]:
    renames = finding.remedy.renames if finding.remedy else ()
    return {finding.file, *(old for old, _ in renames)}


def _files(folder: Path) -> list[str]:
    """Everything that belongs into a copy: no caches, no version control."""
    names = []
    for place, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if f not in {".unet_gui", ".git", ".hg", ".svn"}]
        names += [Path(place, f).relative_to(folder).as_posix() for f in files]
    return sorted(names)


def _check_out(folder: Path, out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ProjectError(f"{out} is there already.", "Choose a new folder.")
    resolved = out.resolve()
    if resolved == folder or resolved.is_relative_to(folder):
        raise ProjectError(f"{out} lies inside {folder}.", "Choose a folder beside it.")


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() and not source.exists():
        return  # there is nothing to copy behind a broken link
    shutil.copy2(source, target)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _drop_lines(source: Path, target: Path, lines: set[str]) -> None:
    text = source.read_bytes().decode("utf-8", "surrogateescape")
    kept = [line for line in text.splitlines(keepends=True) if line.strip() not in lines]
    write_atomic(target, lambda file: file.write("".join(kept).encode("utf-8", "surrogateescape")))


def _changed_project(path: Path, changes: list[tuple[str, str]]) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    for entry, value in changes:
        if entry == "done":
            raw["done"] = [n for n in raw.get("done", []) if n != value]
            continue
        for item in raw.get("classes", []):
            if str(item.get("id")) == entry:
                item["color"] = value
    return raw


def _point_outside(folder: Path, out: Path) -> None:
    """A copied project finds images and masks that lie outside of it where they are."""
    file = out / FILE_NAME
    if not file.exists():
        return
    try:
        raw = json.loads(file.read_text(encoding="utf-8-sig"))
        places = {k: raw.get(k) for k in ("images", "masks")}
    except (OSError, ValueError, AttributeError):
        return
    moved = {
        key: str((folder / place).resolve())
        for key, place in places.items()
        if isinstance(place, str) and not (folder / place).resolve().is_relative_to(folder)
    }
    if moved:
        write_json(file, raw | moved)
