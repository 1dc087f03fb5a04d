"""`unet-gui train` as another program sees it."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from unet_gui.cli.train import seconds
from unet_gui.dataset.project import Project
from unet_gui.unet import fetching, resume, rounds, weights
from unet_gui.unet.device import cpu
from unet_gui.unet.fetching import Published
from unet_gui.unet.model import Encoder
from unet_gui.unet.settings import PRESETS, TrainSettings, preset

ROOT = Path(__file__).parents[3]
QUICK = ("--epochs", "1", "--encoder-weights", "none", "--width", "0.125", "--device", "cpu")


@pytest.fixture(autouse=True)
def _nothing_bundled(monkeypatch):
    monkeypatch.setattr(rounds, "starter", lambda: None)
    monkeypatch.setattr(weights, "cached_imagenet", lambda: None)
    monkeypatch.setitem(PRESETS, "quick", TrainSettings(patch=32, batch=2))


def test_json_lines(run_cli, tiny_project):
    done = run_cli("train", tiny_project.root, *QUICK, "--seed", 3, "--json")
    assert done.code == 0, done.err
    kinds = [event["event"] for event in done.events]
    assert kinds[0] == "start"
    assert kinds[-1] == "done"
    assert set(kinds) <= {"start", "progress", "score", "done"}
    last = done.events[-1]
    assert last["round"] == "round-001"
    assert last["adopted"] is True
    assert last["previous_miou"] is None
    assert {"miou", "iou", "seconds"} <= set(last)
    path = Path(last["path"])
    assert json.loads((path / "model.json").read_text())["encoder"] == "none"
    progress = [e for e in done.events if e["event"] == "progress"]
    assert all({"step", "steps", "seconds", "budget", "loss"} <= set(e) for e in progress)
    assert done.events[0]["seed"] == 3


def test_words_for_a_person(run_cli, tiny_project):
    done = run_cli("train", tiny_project.root, *QUICK)
    assert done.code == 0
    assert "round-001" in done.out
    assert "adopted" in done.out
    assert "Fine-tuning for 1 epochs on CPU" in done.err


def test_again_goes_on(run_cli, tiny_project):
    run_cli("train", tiny_project.root, *QUICK)
    done = run_cli("train", tiny_project.root, "--epochs", 1, "--device", "cpu", "--json")
    assert done.code == 0, done.err
    assert done.events[-1]["round"] == "round-002"


def test_from_a_checkpoint(run_cli, tiny_project):
    run_cli("train", tiny_project.root, *QUICK)
    first = tiny_project.models_dir / "round-001"
    run_cli("train", tiny_project.root, *QUICK)
    done = run_cli("train", tiny_project.root, "--from", first, "--epochs", 1, "--device", "cpu")
    assert done.code == 0, done.err
    info = json.loads((tiny_project.models_dir / "round-003" / "model.json").read_text())
    assert info["parent"] == "round-001"


@pytest.mark.parametrize(
    "words",
    [
        ("--budget", "soon"),
        ("--budget", "0"),
        ("--budget", "60s", "--epochs", "3"),
        ("--epochs", "0"),
        ("--epochs", "many"),
        ("--preset", "slow"),
        ("--decoder", "wide"),
        ("--device", "tpu"),
        ("--seed", "-1"),
        ("--width", "0"),
        ("--width", "-1"),
        ("--batch", "0"),
        ("--save-every", "often"),
    ],
)
def test_wrong_usage(run_cli, tiny_project, words):
    done = run_cli("train", tiny_project.root, *words, "--json")
    assert done.code == 2
    assert done.events[-1]["event"] == "error"
    assert not tiny_project.models_dir.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no encoder weights"),
        (("--encoder-weights", "nowhere.pth"), "no file nowhere.pth"),
        (("--from", "nowhere"), "no file nowhere"),
        (("--encoder-weights", "none", "--width", "9"), "Width 9 is out of range"),
    ],
)
def test_failures_in_words(run_cli, tiny_project, words, said):
    done = run_cli("train", tiny_project.root, "--device", "cpu", *words, "--json")
    assert done.code == 1
    assert done.events[-1]["event"] == "error"
    assert said in done.events[-1]["message"]
    assert "Traceback" not in done.err


def test_nothing_labelled(run_cli, tmp_path, image_folder):
    project = Project.create(tmp_path / "new", images=image_folder, classes=["a", "b"])
    done = run_cli("train", project.root, *QUICK)
    assert done.code == 1
    assert "Nothing is labelled yet" in done.err


def test_no_project(run_cli, tmp_path):
    done = run_cli("train", tmp_path / "nowhere", *QUICK)
    assert done.code == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("text", "expected"), [("60s", 60), ("60", 60), ("1.5m", 90), ("2 min", 120), ("1h", 3600)]
)
def test_times(text, expected):
    assert seconds(text) == expected


def test_no_time():
    with pytest.raises(argparse.ArgumentTypeError):
        seconds("-3s")


def test_nothing_to_resume_begins_anew(run_cli, tiny_project):
    done = run_cli("train", tiny_project.root, *QUICK, "--resume")
    assert done.code == 0, done.err
    assert "No round was interrupted" in done.err


def interrupted(project, **changes):
    """A project with the state of a round that was stopped after its first step."""
    keeper = resume.Keeper(project.models_dir, every=0)
    settings = preset("quick", epochs=3, width=0.125, encoder_weights="none", **changes)
    job = rounds.train_round(project, settings, device=cpu(), run=resume.Run(keeper=keeper))
    for progress in job:
        if progress.step == 1:
            break
    job.close()
    assert keeper.path.is_file()


def test_resume_goes_on_with_the_options_it_was_begun_with(run_cli, tiny_project):
    interrupted(tiny_project, seed=4)
    done = run_cli("train", tiny_project.root, "--resume", "--device", "cpu", "--json")
    assert done.code == 0, done.err
    assert "Going on after step 1" in done.err
    assert done.events[0]["epochs"] == 3
    assert done.events[0]["seed"] == 4
    assert [p.name for p in tiny_project.models_dir.iterdir()] == ["round-001"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--epochs", 5), "another epochs: 3, not 5"),
        (("--preset", "tutorial"), "another decoder"),
        (("--from", "elsewhere"), "goes on from no checkpoint"),
    ],
)
def test_resume_refuses_other_options(run_cli, tiny_project, words, said):
    interrupted(tiny_project)
    done = run_cli("train", tiny_project.root, "--resume", "--device", "cpu", *words)
    assert done.code == 2
    assert said in done.err
    assert (tiny_project.models_dir / ".interrupted" / "state.pt").is_file()


def test_resume_of_a_damaged_state(run_cli, tiny_project):
    interrupted(tiny_project)
    (tiny_project.models_dir / ".interrupted" / "state.pt").write_bytes(b"PK half")
    done = run_cli("train", tiny_project.root, "--resume", "--device", "cpu")
    assert done.code == 1
    assert "cannot be read" in done.err
    assert "without --resume" in done.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no polite kill")
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_without_a_half_round(tiny_project, kind):
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "unet_gui", "train", str(tiny_project.root)),
            *("--budget", "1h", "--encoder-weights", "none", "--width", "0.125"),
            *("--device", "cpu", "--json"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with child:
        for line in child.stdout:
            if json.loads(line).get("step"):
                child.send_signal(kind)
                break
        rest = child.stdout.read()
    assert child.returncode == 130
    assert '"done"' not in rest
    assert not tiny_project.models_dir.exists() or not list(tiny_project.models_dir.iterdir())
    assert tiny_project.adopted is None


def test_imagenet_weights_are_downloaded_once_with_progress(
    run_cli, tiny_project, tmp_path, monkeypatch
):
    torch.manual_seed(0)
    file = tmp_path / "published.pth"
    torch.save(Encoder(width=0.125).state_dict(), file)
    content = file.read_bytes()
    what = Published(file.as_uri(), len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(fetching, "IMAGENET", what)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    options = ("--learner", "instant", "--encoder-weights", "imagenet", "--device", "cpu")
    done = run_cli("train", tiny_project.root, *options, "--json")
    assert done.code == 0, done.err
    assert f"Downloading {what.url}" in done.err
    assert any("done" in e for e in done.events if e["event"] == "progress")
    path = Path(done.events[-1]["path"])
    info = json.loads((path / "model.json").read_text())
    assert info["encoder_source"] == "imagenet"
    assert info["encoder"] == weights.load_file(file).digest
    file.unlink()
    again = run_cli("train", tiny_project.root, *options)
    assert again.code == 0, again.err
    assert "Downloading" not in again.err


def test_imagenet_weights_offline_are_an_error_with_a_way_out(
    run_cli, tiny_project, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        fetching, "IMAGENET", Published("http://127.0.0.1:1/vgg16.pth", 9, "0" * 64)
    )
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    done = run_cli("train", tiny_project.root, "--encoder-weights", "imagenet", "--device", "cpu")
    assert done.code != 0
    assert "cannot be downloaded" in done.err
    assert "--encoder-weights FILE" in done.err
    assert not list(tiny_project.models_dir.glob("round-*"))
