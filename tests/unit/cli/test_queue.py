"""`unet-gui queue`: which images to correct next."""

import numpy as np
import pytest
import torch

from unet_gui.dataset.project import Project
from unet_gui.unet import checkpoint, rounds
from unet_gui.unet.checkpoint import class_list
from unet_gui.unet.model import ModelSpec, build


@pytest.fixture(autouse=True)
def _nothing_bundled(monkeypatch):
    monkeypatch.setattr(rounds, "starter", lambda: None)


def keep(project, name, confidence):
    entry = project.entry(name)
    shape = project.load_mask(entry, (32, 48)).shape
    mask = np.zeros(shape, np.uint8)
    project.save_prediction(entry, mask, np.full(shape, confidence, np.uint8), round_name="x")


def test_every_image_that_is_not_done(run_cli, tiny_project):
    done = run_cli("queue", tiny_project.root, "--json")
    assert done.code == 0
    *images, last = done.events
    assert sorted(e["image"] for e in images) == ["a.png", "b.jpg", "sub/c.png"]
    assert all(e["likely_wrong"] is None for e in images)
    assert last == {"event": "done", "images": 3, "waiting": 3}
    tiny_project.set_done(tiny_project.entry("b.jpg"), True)
    assert "b.jpg" not in run_cli("queue", tiny_project.root).out
    assert len(run_cli("queue", tiny_project.root, "--most", "1").out.splitlines()) == 1


def test_doubtful_ones_come_first_with_their_share(run_cli, tiny_project):
    for name, confidence in (("a.png", 250), ("b.jpg", 245), ("sub/c.png", 51)):
        keep(tiny_project, name, confidence)
    first = run_cli("queue", tiny_project.root).out.splitlines()[0]
    assert first.split() == ["sub/c.png", "80.0", "%", "likely", "wrong"]


def test_what_nothing_is_proposed_for_can_be_predicted_first(run_cli, tiny_project):
    torch.manual_seed(0)
    net = build(ModelSpec("lite", tiny_project.classes.num_outputs, width=0.125))
    folder = tiny_project.models_dir / "round-001"
    folder.mkdir(parents=True)
    info = {"normalisation": "unit", "classes": class_list(tiny_project.classes)}
    checkpoint.save(folder, net, info)
    tiny_project.adopt("round-001")
    done = run_cli("queue", tiny_project.root, "--predict", "--device", "cpu", "--json")
    assert done.code == 0
    images = [e for e in done.events if e["event"] == "image"]
    assert all(0 < e["likely_wrong"] < 1 for e in images)
    again = Project.open(tiny_project.root)
    assert again.load_prediction(again.entry("a.png")).round == "round-001"


def test_what_cannot_be_is_said(run_cli, tiny_project):
    assert run_cli("queue", tiny_project.root, "--most", "0").code == 2
    done = run_cli("queue", tiny_project.root, "--predict")
    assert done.code == 1
    assert "Nothing proposes" in done.err
