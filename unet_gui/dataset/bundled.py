"""What ships with the program: icons, the sample project, the starter checkpoint.

In an installed program the files lie inside the package, in a checkout in the folder `resources`
beside it. Nothing else needs to know the difference.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

from unet_gui.core.errors import ProjectError, UnetGuiError
from unet_gui.dataset import places


@cache
def resources() -> Path:
    """The folder with everything that ships with the program.

    Raises:
        UnetGuiError: the installation is incomplete.
    """
    package = Path(str(files("unet_gui")))
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / "icons").is_dir():
            return folder
    raise UnetGuiError(
        f"The files that belong to the program are missing beside {package}.",
        "Install it again: pip install --force-reinstall unet-gui",
    )


def icon_names() -> tuple[str, ...]:
    """Names of all icons, sorted."""
    return tuple(sorted(path.stem for path in (resources() / "icons").glob("*.svg")))


def icon_svg(name: str, color: str = "#000000") -> bytes:
    """The SVG source of an icon, its lines in `color` (any SVG colour).

    `app` has colours of its own and stays as it is. The bytes go into a QSvgRenderer, which knows
    nothing of `currentColor`.

    Raises:
        UnetGuiError: there is no such icon.
    """
    path = resources() / "icons" / f"{name}.svg"
    try:
        return path.read_text("utf-8").replace("currentColor", color).encode()
    except OSError as error:
        raise UnetGuiError(f"There is no icon “{name}”.", f"Looked for {path}.") from error


def starter_checkpoint() -> Path:
    """The round folder of the small network that proposes masks before anything was learnt.

    Raises:
        UnetGuiError: the installation is incomplete.
    """
    folder = resources() / "starter"
    if not (folder / "checkpoint.safetensors").is_file():
        raise UnetGuiError(
            f"The starter checkpoint is missing in {folder}.",
            "Install the program again, or choose another checkpoint.",
        )
    return folder


def starter_classes(folder: Path | None = None) -> dict[int, str]:
    """Names of the starter's classes by id, without loading it; empty where it cannot be read.

    Args:
        folder: Where a starter is; the bundled one when None.
    """
    try:
        info = json.loads(
            ((folder or starter_checkpoint()) / "model.json").read_text(encoding="utf-8")
        )
        return {int(c["id"]): str(c["name"]) for c in info["classes"]}
    except (UnetGuiError, OSError, ValueError, KeyError, TypeError):
        return {}


def sample_truth() -> Path:
    """Folder with `images` and `masks` of the sample's kind that nobody trains on."""
    return resources() / "sample_truth"


def sample_project_copy(dest: Path | None = None) -> Path:
    """The sample project in a place where it can be written to; copied there the first time.

    A copy that is already there keeps everything a person did in it.

    Args:
        dest: Where it belongs; the user's data folder unless given.

    Returns:
        The project folder.

    Raises:
        ProjectError: the folder is taken by something else, or cannot be written.
    """
    dest = dest or places.data_folder() / "sample"
    if (dest / "project.json").is_file():
        return dest
    if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
        raise ProjectError(
            f"The sample project cannot be copied to {dest}: something else is there.",
            "Choose another folder, or move it away.",
        )
    try:
        _copy_whole_or_not_at_all(resources() / "sample", dest)
    except OSError as error:
        raise ProjectError(
            f"The sample project cannot be copied to {dest}: {error.strerror or error}.",
            "Choose a folder that you may write to.",
        ) from error
    return dest


def _copy_whole_or_not_at_all(source: Path, dest: Path) -> None:
    dest.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".sample-", dir=dest.parent))
    try:
        # copyfile leaves permissions behind: an installation may be read-only, the copy must not be
        shutil.copytree(source, partial / "sample", copy_function=shutil.copyfile)
        _make_writable(partial / "sample")
        if dest.is_dir():
            dest.rmdir()
        (partial / "sample").replace(dest)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _make_writable(folder: Path) -> None:
    for place, _, _ in os.walk(folder):
        Path(place).chmod(0o755)
