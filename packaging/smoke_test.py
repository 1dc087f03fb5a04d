"""Proves that the wheel works outside the checkout.

    python packaging/smoke_test.py            builds the wheel and tries it
    python packaging/smoke_test.py FILE.whl   tries this one

The wheel goes into a fresh virtual environment; the other packages are borrowed from the
environment that runs this script. Then the installed program must find its icons, its sample
project and its starter checkpoint, open its window (drawing into memory) and predict an image.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

# Runs inside the fresh environment, in an empty folder.
CHECK_FILES: Final = """
import sys
from pathlib import Path

import unet_gui
from unet_gui.dataset import bundled

here = Path(sys.prefix).resolve()
assert here in Path(unet_gui.__file__).resolve().parents, unet_gui.__file__
assert here in bundled.resources().resolve().parents, bundled.resources()
assert len(bundled.icon_names()) > 30, bundled.icon_names()
assert b"#abcdef" in bundled.icon_svg("brush", "#abcdef")
print(bundled.sample_project_copy(Path("sample").absolute()))
print(bundled.starter_checkpoint())
"""
CHECK_WINDOW: Final = """
from PySide6.QtSvg import QSvgRenderer

from unet_gui.dataset import bundled
from unet_gui.gui.app import create

application, window = create(["unet-gui", "sample"])
assert QSvgRenderer(bundled.icon_svg("app")).isValid()
window.show()
application.processEvents()
window.close()
print("Init finished")
"""


class SmokeError(Exception):
    """What did not work, with the output of the command that failed."""


def call(command: list[str | Path], *, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command and return its stdout.

    Raises:
        SmokeError: it failed.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SmokeError(f"{' '.join(words)[:200]}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout."""
    command: list[str | Path] = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q"]
    if find_spec("hatchling"):
        command.append("--no-build-isolation")  # needs no network
    call([*command, "-w", folder, ROOT], cwd=folder)
    return next(folder.glob("unet_gui-*.whl"))


def install_wheel(wheel: Path, folder: Path) -> Path:
    """A fresh environment with nothing of its own but the wheel; returns its scripts folder."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [sys.executable, "-m", "pip", "--python", python]
    call([*pip, "install", "-q", "--no-deps", wheel], cwd=folder)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(call([python, "-c", code], cwd=folder).strip())
    # A line in a .pth file borrows the packages there, but not the .pth files among them, so the
    # editable installation of the checkout stays out.
    lenders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (own / "borrowed.pth").write_text("\n".join(sorted(lenders)) + "\n", "utf-8")
    return scripts


def smoke_test(wheel: Path | None, folder: Path) -> None:
    """Build if needed, install, try.

    Raises:
        SmokeError: something does not work.
    """
    home, work = folder / "home", folder / "work"
    for made in (home, work):
        made.mkdir()
    wheel = wheel or build_wheel(folder)
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
    scripts = install_wheel(wheel, folder / "env")
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env |= {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    env["QT_QPA_PLATFORM"] = "offscreen"
    sample, starter = call([scripts / "python", "-c", CHECK_FILES], cwd=work, env=env).splitlines()
    program = scripts / "unet-gui"
    print(call([program, "--version"], cwd=work, env=env).strip(), flush=True)
    image = next((Path(sample) / "images").iterdir())
    call([program, "predict", image, "--checkpoint", starter, "--out", "out"], cwd=work, env=env)
    if not (work / "out" / f"{image.stem}.png").is_file():
        raise SmokeError(f"predict wrote nothing for {image.name}")
    print(f"predicted {image.name}", flush=True)
    print(call([scripts / "python", "-c", CHECK_WINDOW], cwd=work, env=env).strip(), flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Try the wheel outside the checkout.")
    parser.add_argument("wheel", nargs="?", type=Path, help="default: build one")
    arguments = parser.parse_args(argv)
    wheel = arguments.wheel.absolute() if arguments.wheel else None
    with tempfile.TemporaryDirectory(prefix="unet-gui-smoke-") as folder:
        try:
            smoke_test(wheel, Path(folder))
        except SmokeError as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    print("The wheel works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
