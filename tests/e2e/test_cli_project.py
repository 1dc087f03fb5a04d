"""A person's way on the command line, through the real entry point: new, label, export, open."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def unet_gui(
    *words: object, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "unet_gui", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **variables},
        timeout=120,
        check=False,
    )


def test_new_label_export_and_open_again(tmp_path, image_folder, drawn):
    spaced = image_folder.rename(tmp_path / "Bilder 图像")
    made = unet_gui(
        "new", "mein Projekt", "--images", spaced, "--classes", "地面,crop", cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    project = tmp_path / "mein Projekt"
    assert json.loads((project / "project.json").read_text("utf-8"))["classes"][0]["name"] == "地面"

    # Another program writes a mask by the convention; an image appears later.
    (project / "masks" / "sub").mkdir(parents=True)
    truth = np.minimum(drawn(0)[1], 1)
    Image.fromarray(truth).save(project / "masks" / "a.png")
    Image.fromarray(truth).save(project / "masks" / "sub" / "later.png")
    Image.fromarray(drawn(1)[0]).save(spaced / "sub" / "later.webp")

    done = unet_gui("export", project, "--format", "voc", "--out", tmp_path / "voc", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["images"] == 2
    with Image.open(tmp_path / "voc" / "SegmentationClass" / "sub__later.png") as mask:
        assert np.array_equal(np.asarray(mask), truth)

    # The export opens as it is and exports again, the same.
    again = unet_gui("export", tmp_path / "voc", "--format", "png", "--out", tmp_path / "png")
    assert again.returncode == 0, again.stderr
    scored = unet_gui(
        "evaluate", tmp_path / "png" / "masks", tmp_path / "voc" / "SegmentationClass", "--json"
    )
    assert scored.returncode == 0, scored.stderr
    result = json.loads(scored.stdout.splitlines()[-1])
    assert result["miou"] == 1
    assert result["classes"]["0"] == "地面"


def test_words_and_codes_of_the_real_program(tmp_path):
    wrong = unet_gui("export")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: ")
    missing = unet_gui("export", tmp_path / "gone", "--format", "voc", "--out", tmp_path / "o")
    assert missing.returncode == 1
    assert "Traceback" not in missing.stderr
    assert unet_gui("--version").stdout.startswith("unet-gui ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a matter of X11 and Wayland")
def test_without_a_display_it_is_said(image_folder):
    done = unet_gui(image_folder, DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert done.returncode == 1
    assert "display" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes and signals")
def test_a_closed_pipe_is_quiet(tmp_path):
    done = subprocess.run(
        f"'{sys.executable}' -m unet_gui --help | true",
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.stderr == ""


@pytest.fixture
def ctrl_c():
    """Where the tests run in the background of a shell, all they start would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes and signals")
def test_an_interrupted_export_exits_130_and_leaves_nothing(tmp_path, ctrl_c):
    images = tmp_path / "images"
    images.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(noise).save(images / "0.bmp")
    Image.fromarray(np.zeros((256, 256), np.uint8)).save(masks / "0.png")
    for i in range(1, 4000):  # so many that it is never done before the signal comes
        os.link(images / "0.bmp", images / f"{i}.bmp")
        os.link(masks / "0.png", masks / f"{i}.png")
    job = subprocess.Popen(
        [sys.executable, "-m", "unet_gui", "export", str(tmp_path), "--format", "png", "--out",
         str(tmp_path / "out"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert job.stdout is not None
    for _ in range(3):
        job.stdout.readline()
    job.send_signal(signal.SIGINT)
    out, err = job.communicate(timeout=60)
    assert job.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["event"] == "error"
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()
