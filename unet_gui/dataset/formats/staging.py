"""The folder an export goes to: nothing of it is seen there before all of it is written."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.errors import ExportError
from unet_gui.dataset.discovery import OUTPUT_MARKER
from unet_gui.dataset.files import explain, write_json
from unet_gui.dataset.formats.journal import serves
from unet_gui.dataset.formats.output import all_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PREFIX: Final = ".unet_gui_export-"


@contextmanager
def staged(out: Path, *, overwrite: bool = False, resume: str | None = None) -> Iterator[Path]:
    """A folder to write into, whose files move to `out` when the block ends well.

    Files of an earlier export of ours that are not written again are removed from `out`. When the
    block fails or is closed, `out` is as it was.

    Args:
        out: Where to; it must be empty, missing, or an earlier export, unless `overwrite`.
        overwrite: Also go into a folder with other files; those of the same name are replaced.
        resume: A name for the folder to write into, which stays when the block fails or is closed,
            so that another run of this name goes on in it.

    Raises:
        ExportError: `out` holds other files or cannot be written.
    """
    earlier = _earlier_files(out)
    if earlier is None and not overwrite and _has_content(out):
        raise ExportError(
            f"{out} is not empty.", "Choose a new folder, or overwrite it (--overwrite)."
        )
    made = _first_missing(out)
    staging = out / f"{_PREFIX}{resume or secrets.token_hex(4)}"
    try:
        try:
            staging.mkdir(parents=True, exist_ok=resume is not None)
            yield staging
            _move_in(staging, out, earlier or [])
        except OSError as exc:
            reason, hint = explain(exc)
            raise ExportError(f"{out} could not be written: {reason}.", hint) from exc
    except BaseException:
        if resume is not None:
            raise
        shutil.rmtree(staging, ignore_errors=True)
        if made is not None:
            _remove_empty(made, out)
        raise


def _has_content(out: Path) -> bool:
    if out.is_file():
        return True
    # Left by a run that was killed.
    return out.is_dir() and any(not p.name.startswith(_PREFIX) for p in out.iterdir())


def _earlier_files(out: Path) -> list[str] | None:
    try:
        data: Any = json.loads((out / OUTPUT_MARKER).read_text(encoding="utf-8"))
        return [f for f in data["files"] if isinstance(f, str)]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _move_in(staging: Path, out: Path, earlier: list[str]) -> None:
    names = sorted(n for n in all_files(staging) if not serves(n))
    # The marker first: should the machine stop in between, the rest is known to be ours.
    write_json(out / OUTPUT_MARKER, {"program": "unet-gui", "files": sorted({*names, *earlier})})
    _move(staging, out)
    for name in {*earlier} - {*names}:
        target = out / name
        if ".." not in target.parts and target.is_relative_to(out):
            with suppress(OSError):
                target.unlink()
    write_json(out / OUTPUT_MARKER, {"program": "unet-gui", "files": names})
    shutil.rmtree(staging, ignore_errors=True)
    for leftover in out.glob(f"{_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    """Folders that are not there yet go as a whole, into others what they hold."""
    for path in sorted(source.iterdir()):
        place = target / path.name
        if path.is_dir() and place.is_dir():
            _move(path, place)
        elif not serves(path.name):
            path.replace(place)


def _first_missing(out: Path) -> Path | None:
    """The topmost folder on the way to `out` that has to be made; None when `out` is there."""
    if out.exists():
        return None
    return next((p for p in reversed(out.parents) if not p.exists()), out)


def _remove_empty(top: Path, out: Path) -> None:
    for folder in (out, *out.parents):
        with suppress(OSError):
            folder.rmdir()
        if folder == top:
            return
