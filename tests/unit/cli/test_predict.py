"""`unet-gui predict`: a class for every pixel of every image, under the right name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from unet_gui.core.classes import ClassTable
from unet_gui.dataset.project import Project
from unet_gui.unet import checkpoint, rounds
from unet_gui.unet.checkpoint import class_list
from unet_gui.unet.model import Encoder, ModelSpec, UNet, build


@pytest.fixture(autouse=True)
def _nothing_bundled(monkeypatch):
    monkeypatch.setattr(rounds, "starter", lambda: None)


def save_checkpoint(folder, classes, **info):
    torch.manual_seed(0)
    net = build(ModelSpec("lite", classes.num_outputs, width=0.125))
    folder.mkdir(parents=True)
    about = {"normalisation": "unit", "classes": class_list(classes), **info}
    checkpoint.save(folder, net, about)
    return folder


@pytest.fixture
def trained(tiny_project):
    """A project with an adopted round."""
    save_checkpoint(tiny_project.models_dir / "round-001", tiny_project.classes)
    tiny_project.adopt("round-001")
    return tiny_project


def test_a_project(run_cli, trained, tmp_path):
    out = tmp_path / "out"
    done = run_cli("predict", trained.root, "--out", out, "--device", "cpu", "--json")
    assert done.code == 0, done.err
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.png"))
    assert files == ["a.png", "b.png", "sub/c.png"]
    for entry in trained.images:
        name = entry.mask_path.relative_to(trained.masks_dir)
        with Image.open(out / name) as mask, Image.open(entry.path) as image:
            assert mask.mode == "P"
            assert mask.size == image.size
            pixels = np.asarray(mask)
            palette = mask.getpalette()[:9]
        assert set(np.unique(pixels)) <= {0, 1, 2}
        assert tuple(palette[3:6]) == trained.classes[1].rgb
    last = done.events[-1]
    assert last["event"] == "done"
    assert last["images"] == 3
    assert last["checkpoint"] == "round-001"
    assert sum(e["event"] == "image" for e in done.events) == 3


def test_single_images_and_probabilities(run_cli, trained, tmp_path, image_folder):
    out = tmp_path / "out"
    done = run_cli(
        *("predict", image_folder / "a.png", image_folder / "b.jpg"),
        *("--checkpoint", trained.models_dir / "round-001", "--out", out, "--probabilities"),
    )
    assert done.code == 0, done.err
    assert sorted(p.name for p in out.iterdir()) == ["a.npz", "a.png", "b.npz", "b.png"]
    with np.load(out / "a.npz") as stored, Image.open(out / "a.png") as mask:
        probabilities, ids = stored["probabilities"], stored["class_ids"]
        assert probabilities.dtype == np.float16
        assert probabilities.shape == (3, 32, 48)
        np.testing.assert_allclose(probabilities.astype(float).sum(0), 1, atol=0.01)
        assert (ids[probabilities.argmax(0)] == np.asarray(mask)).mean() > 0.98  # but for ties


@pytest.mark.parametrize("name", ["predicted", "new/predicted"])
def test_masks_among_the_images_are_not_taken_for_images(
    run_cli, trained, image_folder, tmp_path, name
):
    for _ in range(2):
        done = run_cli("predict", trained.root, "--out", image_folder / name, "--device", "cpu")
        assert done.code == 0, done.err
        assert len(list((image_folder / name).rglob("*.png"))) == 3
        assert len(Project.open(trained.root).images) == 3
    run_cli("predict", trained.root, "--out", tmp_path / "out", "--device", "cpu")
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("name", [".", "sub"])
def test_a_folder_that_holds_images_gets_no_masks(run_cli, trained, image_folder, name):
    before = sorted(image_folder.rglob("*"))
    done = run_cli("predict", trained.root, "--out", image_folder / name, "--device", "cpu")
    assert done.code == 2
    assert "holds images of the project" in done.err
    assert sorted(image_folder.rglob("*")) == before


def test_masks_that_people_corrected_are_never_replaced(run_cli, trained):
    before = {p: p.read_bytes() for p in trained.masks_dir.rglob("*.png")}
    done = run_cli("predict", trained.root, "--out", trained.masks_dir)
    assert done.code == 2
    assert "own masks" in done.err
    assert before == {p: p.read_bytes() for p in trained.masks_dir.rglob("*.png")}


def test_a_mask_never_replaces_its_image(run_cli, trained, image_folder):
    before = (image_folder / "a.png").read_bytes()
    round_folder = trained.models_dir / "round-001"
    done = run_cli(
        "predict", image_folder / "a.png", "--checkpoint", round_folder, "--out", image_folder
    )
    assert done.code == 2
    assert "replace the image" in done.err
    assert (image_folder / "a.png").read_bytes() == before


def test_images_of_one_stem_get_masks_of_their_own(run_cli, trained, tmp_path, image_folder):
    twin = image_folder / "a.jpg"
    Image.open(image_folder / "a.png").save(twin)
    round_ = trained.models_dir / "round-001"
    images = (image_folder / "a.png", twin)
    done = run_cli("predict", *images, "--checkpoint", round_, "--out", tmp_path / "out")
    assert done.code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.jpg.png", "a.png"]
    again = run_cli("predict", twin, twin, twin, "--checkpoint", round_, "--out", tmp_path / "out")
    assert again.code == 2


def test_only_trained_classes(run_cli, tiny_project, tmp_path):
    save_checkpoint(tiny_project.models_dir / "round-001", tiny_project.classes, trained=[2])
    done = run_cli("predict", tiny_project.root, "--out", tmp_path / "out")
    assert done.code == 0
    assert (np.asarray(Image.open(tmp_path / "out" / "a.png")) == 2).all()


def test_without_any_checkpoint(run_cli, tiny_project, tmp_path):
    done = run_cli("predict", tiny_project.root, "--out", tmp_path / "out")
    assert done.code == 1
    assert "no round in use, and there is no bundled starter" in done.err
    assert "unet-gui train" in done.err
    done = run_cli("predict", tiny_project.images[0].path, "--out", tmp_path / "out")
    assert done.code == 1
    assert "--checkpoint" in done.err
    assert not (tmp_path / "out").exists()


def test_starter_is_the_last_resort(run_cli, tiny_project, tmp_path, monkeypatch):
    folder = save_checkpoint(tmp_path / "starter", tiny_project.classes)
    monkeypatch.setattr(rounds, "starter", lambda: folder)
    done = run_cli("predict", tiny_project.root, "--out", tmp_path / "out", "--json")
    assert done.code == 0
    assert done.events[-1]["checkpoint"] == "starter"
    done = run_cli("predict", tiny_project.images[0].path, "--out", tmp_path / "out2")
    assert done.code == 0


def test_a_starter_of_other_classes_is_said(run_cli, tiny_project, tmp_path, monkeypatch):
    folder = save_checkpoint(tmp_path / "starter", ClassTable.from_names(["soil", "weed", "x"]))
    monkeypatch.setattr(rounds, "starter", lambda: folder)
    done = run_cli("predict", tiny_project.root, "--out", tmp_path / "out")
    assert done.code == 1
    assert "the bundled starter knows other classes" in done.err


def test_other_classes_are_refused(run_cli, tiny_project, tmp_path):
    foreign = save_checkpoint(tmp_path / "foreign", ClassTable.from_names(["soil", "weed", "x"]))
    done = run_cli(
        "predict", tiny_project.root, "--checkpoint", foreign, "--out", tmp_path / "out", "--json"
    )
    assert done.code == 1
    assert "other classes" in done.events[-1]["message"]


def test_bare_weights_of_a_tutorial(run_cli, tmp_path, image_folder):
    path = tmp_path / "unet_vgg_voc.pth"
    torch.manual_seed(0)
    torch.save(UNet(21, width=0.05).state_dict(), path)
    done = run_cli(
        "predict", image_folder / "a.png", "--checkpoint", path, "--out", tmp_path / "out"
    )
    assert done.code == 0
    assert "ReLUs" in done.err
    assert np.asarray(Image.open(tmp_path / "out" / "a.png")).max() < 21


def test_an_unreadable_image_does_not_stop_the_others(run_cli, trained, tmp_path, image_folder):
    (image_folder / "broken.png").write_bytes(b"no image")
    done = run_cli("predict", trained.root, "--out", tmp_path / "out", "--json")
    assert done.code == 1
    assert "broken.png" in done.err
    assert done.events[-1]["event"] == "error"
    assert "1 of 4 images" in done.events[-1]["message"]
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3
    assert "Traceback" not in done.err


@pytest.mark.parametrize("targets", [("nowhere",), ("a.png", "nowhere")])
def test_wrong_paths(run_cli, image_folder, tmp_path, targets):
    words = [image_folder / t for t in targets]
    done = run_cli("predict", *words, "--out", tmp_path / "out")
    assert done.code == 2
    assert "nowhere" in done.err


def test_folder_and_files_together_are_wrong_usage(run_cli, trained, image_folder, tmp_path):
    done = run_cli("predict", trained.root, image_folder / "a.png", "--out", tmp_path / "out")
    assert done.code == 2


def test_empty_folder(run_cli, tmp_path):
    (tmp_path / "empty").mkdir()
    Project.create(tmp_path / "p", images=tmp_path / "empty", classes=["a"])
    done = run_cli("predict", tmp_path / "p", "--out", tmp_path / "out")
    assert done.code == 2
    assert "no images" in done.err


def test_full_disk(run_cli, trained, tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    done = run_cli("predict", trained.root, "--out", tmp_path / "out", "--device", "cpu")
    assert done.code == 1
    assert "disk is full" in done.err


def test_resume_leaves_out_what_is_there(run_cli, trained, tmp_path):
    words = ("predict", trained.root, "--out", tmp_path / "out", "--device", "cpu", "--json")
    run_cli(*words)
    (tmp_path / "out" / "b.png").unlink()
    again = run_cli(*words, "--resume")
    assert [e["image"] for e in again.events if e["event"] == "image"] == ["b.jpg"]
    assert again.events[-1]["images"] == 1
    assert again.events[-1]["skipped"] == 2
    more = run_cli(*words, "--resume", "--probabilities")
    assert more.events[-1]["images"] == 3


@pytest.mark.slow
def test_two_processes_share_the_images(run_cli, trained, tmp_path, image_folder):
    run_cli("predict", trained.root, "--out", tmp_path / "one", "--device", "cpu")
    (image_folder / "aa_broken.png").write_bytes(b"no image")  # second in the list
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"),
            *("--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"),
            *("-m", "unet_gui", "predict", str(trained.root), "--out", str(tmp_path / "two")),
            *("--device", "cpu", "--json"),
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert done.stderr.count("warning: ") == 1, done.stderr
    assert sum(e["event"] == "error" for e in events) == 1
    assert sum(e["event"] == "image" for e in events) == 3
    (last,) = [e for e in events if e["event"] == "done"]
    assert (last["images"], last["failed"], last["processes"]) == (3, 1, 2)
    for path in (tmp_path / "one").rglob("*.png"):
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert twin.read_bytes() == path.read_bytes()


def test_features_of_a_few_images_are_kept_in_the_project_of_the_round(
    run_cli, tiny_project, tmp_path
):
    small = tmp_path / "small.safetensors"
    torch.manual_seed(0)
    save_file({k: v.contiguous() for k, v in Encoder(3, 0.0625).state_dict().items()}, small)
    words = ("--learner", "instant", "--encoder-weights", small, "--device", "cpu")
    assert run_cli("train", tiny_project.root, *words).code == 0
    kept = tiny_project.cache_dir / "features"
    before = set(kept.iterdir())
    Image.new("RGB", (40, 32), (9, 99, 60)).save(tmp_path / "other.png")
    used = ("--checkpoint", tiny_project.models_dir / "round-001", "--out", tmp_path / "out")
    for _ in range(2):
        assert run_cli("predict", tmp_path / "other.png", *used, "--device", "cpu").code == 0
        assert len(set(kept.iterdir()) - before) == 1
