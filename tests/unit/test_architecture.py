"""Rules of the house that no linter knows."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import unet_gui

PACKAGE = Path(unet_gui.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "resources" not in p.parts)


def python(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_module_is_long(path):
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= 400, f"{lines} lines: this is two modules"


def test_there_is_no_drawer_for_everything():
    names = {p.stem for p in MODULES}
    assert not names & {"utils", "util", "helpers", "misc", "common"}


@pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="not in a checkout")
def test_imports_only_go_down():
    pytest.importorskip("importlinter")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="not in a checkout")
def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == unet_gui.__version__


def loaded_by(code: str, *names: str) -> list[str]:
    printed = python("-c", f"import sys\n{code}\nprint([n for n in {names!r} if n in sys.modules])")
    return list(eval(printed.splitlines()[-1]))


@pytest.mark.skipif(sys.platform == "win32", reason="DLL search needs torch first on Windows")
def test_the_window_opens_without_torch():
    assert loaded_by("import unet_gui.gui.app", "torch", "torchvision") == []


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import unet_gui", "torch", "PySide6", "numpy", "PIL") == []


@pytest.mark.parametrize("command", ["", "gui", "new", "train", "predict", "evaluate", "export",
                                     "doctor", "stats", "compare", "queue",
                                     "import", "convert"])  # fmt: skip
def test_help_loads_neither_torch_nor_qt(command):
    words = [command, "--help"] if command else ["--help"]
    code = f"from unet_gui.cli import main\nassert main({words!r}) == 0"
    assert loaded_by(code, "torch", "PySide6") == []


def test_the_public_interface_is_there():
    for name in unet_gui.__all__:
        assert getattr(unet_gui, name)
    assert set(unet_gui.__all__) <= set(dir(unet_gui))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = unet_gui.nonsense


def test_predicting_loads_no_compiler():
    code = "import unet_gui.unet.predict, unet_gui.unet.instant.proposing"
    assert loaded_by(code, "torchvision", "torch._dynamo", "sympy", "triton") == []
