"""Sets everything up and runs it. Needs nothing but Python 3.11 or newer.

    python3 packaging/bootstrap.py run      the program with its sample project
    python3 packaging/bootstrap.py test     every check that the project has
    python3 packaging/bootstrap.py setup    only sets up

The first time this makes a virtual environment in `.venv` and installs what pyproject.toml
names, which takes some minutes; after that it takes a second. `run` opens the window where there
is a display. Where there is none it does the same job without one, and says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
STAMP = "unet-gui-setup"
NEEDED = 9e9 if sys.platform.startswith("linux") else 3e9
"""Bytes of disk while the first set-up runs; PyTorch for Linux brings CUDA's libraries."""
NEEDED_WITHOUT_CUDA = 3e9

# What a window needs and a bare Debian or Ubuntu lacks, and what tests with a screen need.
QT_PACKAGES = (
    "libegl1",
    "libgl1",
    "libopengl0",
    "libglib2.0-0",
    "libfontconfig1",
    "libdbus-1-3",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libxcb-xkb1",
    "libx11-xcb1",
    "fonts-dejavu-core",
)
SCREEN_PACKAGES = ("xvfb", "xauth")


class SetupError(Exception):
    """Something a person has to do first; the message says what."""


def say(text: str) -> None:
    print(f"\n• {text}", flush=True)


def call(
    command: list[str],
    *,
    quiet: bool = False,
    errors_only: bool = False,
    env: dict[str, str] | None = None,
) -> int:
    """Run a command in the checkout and return its exit code; its output is shown unless asked."""
    out = subprocess.DEVNULL if quiet or errors_only else None
    errors = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=out, stderr=errors, env=env, check=False)
    except OSError:
        return 127
    return done.returncode


# ---- Python and the virtual environment -------------------------------------------------------


def newer_python() -> str | None:
    """Another interpreter on PATH that is new enough, newest first."""
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def require_python(version: tuple[int, ...] = sys.version_info[:2]) -> None:
    """Go on with a newer Python when this one is too old.

    Raises:
        SetupError: there is none.
    """
    if version >= OLDEST:
        return
    other = newer_python()
    if other:
        os.execv(other, [other, str(Path(__file__).resolve()), *sys.argv[1:]])
    raise SetupError(
        "Python 3.11 or newer is needed; this is {}.{}.\n"
        "  Install a newer one from python.org or your system's packages, then run this\n"
        "  script with it: python3.12 packaging/bootstrap.py …".format(*version)
    )


def venv_python(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_venv(venv: Path) -> None:
    """Make the virtual environment unless a working one is there.

    Raises:
        SetupError: it cannot be made.
    """
    if venv_python(venv).exists() and call([str(venv_python(venv)), "-c", ""], quiet=True) == 0:
        return
    say(f"Making a virtual environment in {venv}")
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    version = "{}.{}".format(*sys.version_info)
    if not has_ensurepip():
        # Debian and Ubuntu ship Python without the part that makes environments
        apt_install([f"python{version}-venv"])
    if call(command) != 0:
        raise SetupError(
            f"The virtual environment in {venv} could not be made.\n"
            f"  On Debian or Ubuntu this helps: sudo apt-get install python{version}-venv"
        )


def has_ensurepip() -> bool:
    return call([sys.executable, "-c", "import ensurepip, venv"], quiet=True) == 0


def fingerprint(python: Path) -> str:
    """Changes whenever what is to be installed changes."""
    digest = hashlib.sha256(str(python).encode() + str(ROOT).encode() + sys.version.encode())
    for name in ("pyproject.toml", "packaging/constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install(venv: Path, *, cpu_index: bool) -> None:
    """Install the program and its tools into `venv`, unless nothing has changed since.

    Raises:
        SetupError: pip could not do it.
    """
    python, stamp = venv_python(venv), venv / STAMP
    wanted = fingerprint(python)
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    stamp.unlink(missing_ok=True)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        pip.append("--quiet")  # nobody watches the progress bars
    tested = ["-c", "packaging/constraints.txt"]
    say("Installing. The first time this downloads some gigabytes, mostly PyTorch.")
    short = too_small(venv, NEEDED_WITHOUT_CUDA if cpu_index else NEEDED)
    if short:
        print(f"  {short}", flush=True)
    if cpu_index and call([*pip, *tested, "--index-url", CPU_INDEX, "torch", "torchvision"]) != 0:
        raise SetupError(
            f"PyTorch could not be installed from {CPU_INDEX}. Try again without --cpu-index."
        )
    if call([*pip, *tested, "-e", ".[dev]"]) != 0:
        say("The tested versions cannot be had here. Trying whatever pyproject.toml allows.")
        if call([*pip, "-e", ".[dev]"]) != 0:
            raise SetupError(
                "pip could not install the program; its own message is above.\n  "
                + (short or "The first set-up needs the internet.")
            )
    # so that the first start is as quick as the others, also where Python may not write later
    call([str(python), "-m", "compileall", "-q", "unet_gui"])
    stamp.write_text(wanted, "utf-8")


def too_small(folder: Path, needed: float) -> str:
    """What to say when the disk may be too small for a first set-up; empty where it is not."""
    free = shutil.disk_usage(folder).free
    if free >= needed or any(folder.rglob("site-packages/torch")):
        return ""
    return (
        f"{free / 1e9:.1f} GB of disk are free here; a first set-up may need {needed / 1e9:.0f} GB."
        " Free some, or put\n  --venv on another disk, or give --cpu-index: "
        f"without CUDA {NEEDED_WITHOUT_CUDA / 1e9:.0f} GB are enough."
    )


# ---- system libraries -------------------------------------------------------------------------


def can_apt() -> bool:
    """This is root on Debian, Ubuntu or one of their kind."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return root and shutil.which("apt-get") is not None


def apt_install(packages: list[str]) -> bool:
    """Install system packages where we may; returns whether it worked."""
    if not can_apt():
        return False
    say("Installing system packages: " + " ".join(packages))
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # a list of packages that cannot be renewed may still be good enough
    call(["apt-get", "update", "-qq"], errors_only=True, env=env)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return call(command, errors_only=True, env=env) == 0


def missing_libraries(python: Path) -> dict[str, list[str]]:
    """What Qt lacks: under "core" to start at all, under "screen" to open a window."""
    done = subprocess.run(
        [str(python), str(ROOT / "packaging" / "qt_check.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        found = {"core": [done.stderr.strip() or f"the check ended with {done.returncode}"]}
    return {"core": found.get("core", []), "screen": found.get("screen", [])}


def advice() -> str:
    """The exact command that installs what Qt lacks."""
    if shutil.which("apt-get"):
        return "sudo apt-get install " + " ".join(QT_PACKAGES)
    if shutil.which("dnf"):
        return (
            "sudo dnf install libglvnd-egl libglvnd-glx fontconfig dbus-libs libxkbcommon-x11 "
            "xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil"
        )
    if shutil.which("pacman"):
        return "sudo pacman -S libglvnd fontconfig dbus libxkbcommon-x11 xcb-util-cursor"
    return "install the packages of your system that hold the files named above"


def check_qt(python: Path) -> dict[str, list[str]]:
    """Make Qt's system libraries load, or say how a person can; returns what is still missing."""
    missing = missing_libraries(python)
    if any(missing.values()) and can_apt():
        apt_install(list(QT_PACKAGES))
        missing = missing_libraries(python)
    names = [*missing["core"], *missing["screen"]]
    if names:
        say("System libraries of the window (Qt) are missing: " + ", ".join(sorted(set(names))))
        print(f"  This installs them:\n    {advice()}", flush=True)
    return missing


def has_display(python: Path) -> bool:
    """A window can really be opened: a variable that names a dead display does not count."""
    if sys.platform.startswith("linux"):
        if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
            return False
        probe = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
        return call([str(python), "-c", probe], quiet=True) == 0
    return True


# ---- the commands -----------------------------------------------------------------------------


def set_up(venv: Path, *, cpu_index: bool = False) -> tuple[Path, dict[str, list[str]]]:
    require_python()
    make_venv(venv)
    install(venv, cpu_index=cpu_index)
    python = venv_python(venv)
    return python, check_qt(python)


def run(python: Path, missing: dict[str, list[str]], rest: list[str]) -> int:
    """Open the window, or do the same job without one."""
    if has_display(python):
        if missing["core"] or missing["screen"]:
            raise SetupError("The window cannot open without the libraries named above.")
        target = rest or [sample_copy(python)]
        say(f"Opening the window with {target[0]}. From now on this does the same:")
        print(f"  {venv_script(python)}", flush=True)
        return call([str(python), "-m", "unet_gui", *target])
    say("There is no display here, so the same job runs without a window.")
    return call([str(python), "packaging/headless.py", *rest])


def venv_script(python: Path) -> Path:
    return python.with_name("unet-gui.exe" if os.name == "nt" else "unet-gui")


def sample_copy(python: Path) -> str:
    code = "from unet_gui.dataset.bundled import sample_project_copy as s; print(s())"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"The sample project cannot be copied.\n{done.stderr.strip()}")
    return done.stdout.strip()


SIDE_BY_SIDE = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")


def test(python: Path, missing: dict[str, list[str]], rest: list[str]) -> int:
    """Every check, in the order in which they are quick. All run, even after one has failed."""
    if missing["core"]:
        raise SetupError("The tests of the window cannot run without the libraries named above.")
    if sys.platform.startswith("linux") and not shutil.which("Xvfb"):
        apt_install(list(SCREEN_PACKAGES))
    tool = python.parent
    pytest = [str(python), "-m", "pytest", "-q", *rest]
    steps: list[tuple[str, list[str]]] = [
        ("ruff", [str(tool / "ruff"), "check", "."]),
        ("format", [str(tool / "ruff"), "format", "--check", "."]),
        ("types", [str(tool / "mypy")]),
        ("imports", [str(tool / "lint-imports"), "--no-cache"]),
        # A file at a time for each core; the slow ones bring threads of their own.
        ("quick tests", [*pytest, "-m", "not slow", *SIDE_BY_SIDE]),
        ("slow tests", [*pytest, "-m", "slow"]),
    ]
    env = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    results = []
    for name, command in steps:
        say(name)
        start = time.monotonic()
        code = call(command, env=env)
        results.append(
            (name, code in ((0, 5) if name == "slow tests" else (0,)), time.monotonic() - start)
        )
    say("Summary")
    for name, good, seconds in results:
        print(f"  {'passed' if good else 'FAILED':<7} {name:<12} {seconds:6.0f} s", flush=True)
    return 0 if all(good for _, good, _ in results) else 1


def parse(argv: list[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description="Sets everything up and runs it; what is set up already is not done again.",
        epilog="Further words go on to the program (run) or to pytest (test).",
    )
    parser.add_argument("command", choices=("run", "test", "setup"))
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="default: .venv here")
    parser.add_argument(
        "--cpu-index",
        action="store_true",
        help="take PyTorch's own build without CUDA: several GB less on Linux without a GPU",
    )
    return parser.parse_known_args(argv)


def main(argv: list[str] | None = None) -> int:
    arguments, rest = parse(argv)
    try:
        python, missing = set_up(arguments.venv.absolute(), cpu_index=arguments.cpu_index)
        if arguments.command == "run":
            return run(python, missing, rest)
        if arguments.command == "test":
            return test(python, missing, rest)
        say("Everything is set up.")
    except SetupError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
