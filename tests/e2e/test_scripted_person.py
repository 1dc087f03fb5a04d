"""The whole job, end to end, by mouse and keyboard in a real window on a virtual screen."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("scripted_person.py")


@contextmanager
def virtual_screen():
    """An X server of our own; its number as Xvfb reports it."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: no virtual screen to open a real window on")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def run_person(images, truth, out, tmp_path):
    homes = {"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data"}
    env = {**os.environ, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
    env |= {key: str(tmp_path / name) for key, name in homes.items()}
    with virtual_screen() as display:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(images), str(truth), str(out)],
            env={**env, "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    return json.loads((out / "report.json").read_text())


def check_export(out):
    painted = sorted((out / "painted").glob("*.npy"))
    assert len(painted) == 3
    for file in painted:
        exported = Image.open(out / "voc" / "SegmentationClass" / f"{file.stem}.png")
        assert exported.mode == "P"
        assert np.array_equal(np.asarray(exported), np.load(file)), file.stem
    listed = (out / "voc" / "ImageSets" / "Segmentation" / "trainval.txt").read_text().split()
    assert sorted(listed) == [file.stem for file in painted]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_job_on_blood_cells(shared_data, tmp_path):
    source = shared_data("wbc")
    images = tmp_path / "wbc" / "images"
    images.mkdir(parents=True)
    for file in sorted((source / "images").iterdir())[:8]:
        shutil.copy(file, images)
    report = run_person(images, source / "masks", tmp_path / "out", tmp_path)
    assert report["platform"] == "xcb"
    assert report["rounds"] == ["round-001"]
    check_export(tmp_path / "out")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_job_on_the_sample_images(tmp_path):
    source = ROOT / "resources" / "sample_truth"
    images = tmp_path / "cells"
    shutil.copytree(source / "images", images)
    report = run_person(images, source / "masks", tmp_path / "out", tmp_path)
    assert report["rounds"] == ["round-001"]
    check_export(tmp_path / "out")
