"""What every test gets: a home of its own, no window on the screen, small projects to work on."""

from __future__ import annotations

import os

# Before anything imports Qt or torch.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from unet_gui.cli import main
from unet_gui.dataset.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

# A busy machine is no fault of what is tested.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """No test reads or writes the settings and data of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    core = sys.modules.get("PySide6.QtCore")
    if core is not None:
        # Qt remembers the place from its first look, so the variables above are not enough.
        for form in (core.QSettings.Format.NativeFormat, core.QSettings.Format.IniFormat):
            core.QSettings.setPath(form, core.QSettings.Scope.UserScope, str(home / "config"))


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """`shared_data("wbc")` is the folder of that test set; skips where it is not there."""
    root = Path(os.environ.get("UNET_GUI_SHARED") or Path(__file__).parents[1].parent / "shared")

    def find(name: str) -> Path:
        folder = root / "data" / name
        if not folder.is_dir():
            pytest.skip(f"the test set {name} is not in {root}")
        return folder

    return find


def draw_image(seed: int, size: tuple[int, int] = (48, 32)) -> tuple[np.ndarray, np.ndarray]:
    """A small image (H×W×3) with a bright disc (class 1) and a dark square (class 2), its truth."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[:height, :width]
    truth = np.zeros((height, width), np.uint8)
    disc = (y - height * 0.5) ** 2 + (x - width * 0.3) ** 2 < (height * 0.25) ** 2
    square = (abs(y - height * 0.5) < height * 0.2) & (abs(x - width * 0.75) < width * 0.12)
    truth[disc], truth[square] = 1, 2
    colors = np.array([[110, 120, 90], [230, 180, 60], [40, 30, 80]], np.float64)
    pixels = colors[truth] + rng.normal(0, 8, (height, width, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8), truth


@pytest.fixture
def drawn() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """`drawn(seed, size)` is an image and its truth, see `draw_image`."""
    return draw_image


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Three images: a.png, b.jpg and, in a subfolder, c.png."""
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    for seed, name in enumerate(("a.png", "b.jpg", "sub/c.png")):
        Image.fromarray(draw_image(seed)[0]).save(folder / name)
    return folder


@pytest.fixture
def tiny_project(tmp_path: Path, image_folder: Path) -> Project:
    """Classes background, disc and square; a.png labelled whole, b.jpg half, sub/c.png not."""
    project = Project.create(
        tmp_path / "project", images=image_folder, classes=["background", "disc", "square"]
    )
    for seed, name in enumerate(("a.png", "b.jpg")):
        truth = draw_image(seed)[1]
        if name == "b.jpg":
            truth[: len(truth) // 2] = 255
        project.save_mask(project.entry(name), truth)
    return project


@dataclass(frozen=True)
class CliResult:
    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run_cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., CliResult]:
    """`run_cli("new", …)` runs the command line in this process."""

    def run(*words: object) -> CliResult:
        capsys.readouterr()
        code = main([str(w) for w in words])
        captured = capsys.readouterr()
        return CliResult(code, captured.out, captured.err)

    return run
