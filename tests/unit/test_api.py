"""The whole job from Python."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import unet_gui
from tests.conftest import draw_image
from unet_gui.core.errors import (
    CheckpointError,
    DatasetError,
    ExportError,
    ImageReadError,
    TrainingError,
    UsageError,
)
from unet_gui.dataset.class_choice import ClassChoice
from unet_gui.dataset.formats import Card, Selection
from unet_gui.dataset.formats.selection import Only
from unet_gui.dataset.splits import Split


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    image, truth = draw_image(0)
    for kind, pixels in (("images", image), ("masks", truth)):
        (folder / kind).mkdir()
        Image.fromarray(pixels).save(folder / kind / "a.png")
    project = unet_gui.new_project(
        folder / "p",
        images=folder / "images",
        classes=["background", "disc", "square"],
        masks=folder / "masks",
    )
    return unet_gui.fine_tune(
        project, epochs=1, width=0.125, decoder="lite", patch=16, batch=2, device="cpu",
        encoder_weights="none",
    )  # fmt: skip


def test_from_images_to_export(tmp_path, image_folder, drawn):
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(drawn(0)[1]).save(masks / "a.png")
    project = unet_gui.new_project(
        tmp_path / "p", images=image_folder, classes=["background", "disc", "square"], masks=masks
    )
    steps = []
    finished = unet_gui.fine_tune(
        project.root, epochs=1, width=0.125, decoder="lite", patch=16, batch=2, device="cpu",
        encoder_weights="none", on_progress=steps.append,
    )  # fmt: skip
    assert steps
    assert (finished.path / "checkpoint.safetensors").exists()
    assert unet_gui.open_project(project.root).rounds()[0].name == finished.name
    prediction = unet_gui.predict(finished.path, image_folder / "b.jpg", device="cpu")
    assert prediction.mask.shape == prediction.confidence.shape == (32, 48)
    report = unet_gui.export(project, "voc", tmp_path / "voc")
    assert report.images == 1
    scores = unet_gui.evaluate(tmp_path / "voc" / "SegmentationClass", masks)
    assert scores.miou == 1


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((20, 30), np.uint8), ((20, 30, 3), np.uint8), ((20, 30, 4), np.uint8),
     ((20, 30), np.uint16), ((20, 30, 5), np.float32)],
)  # fmt: skip
def test_arrays_of_any_kind(trained, shape, dtype):
    checkpoint = unet_gui.load_checkpoint(trained.path)
    image = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    prediction = unet_gui.predict(checkpoint, image, device="cpu", probabilities=True)
    assert prediction.mask.shape == (20, 30)
    assert prediction.probabilities is not None
    assert prediction.probabilities.shape[1:] == (20, 30)
    assert 255 not in prediction.mask


@pytest.mark.parametrize("wrong", [np.zeros(5), np.zeros((2, 2, 2, 2)), np.zeros((0, 5)),
                                   np.array([["a"]])])  # fmt: skip
def test_what_is_no_image(trained, wrong):
    with pytest.raises(ImageReadError):
        unet_gui.predict(trained.path, wrong, device="cpu")


def test_array_and_file_are_predicted_alike(trained, tiny_project):
    path = tiny_project.entry("a.png").path
    with Image.open(path) as image:
        pixels = np.asarray(image)
    one, two = (unet_gui.predict(trained.path, x, device="cpu") for x in (path, pixels))
    assert np.array_equal(one.mask, two.mask)


def test_errors_are_words(tmp_path, tiny_project):
    with pytest.raises(CheckpointError):
        unet_gui.load_checkpoint(tmp_path / "gone.pth")
    with pytest.raises(UsageError):
        unet_gui.fine_tune(tiny_project, preset="nonsense")
    for entry in tiny_project.images:
        entry.mask_path.unlink(missing_ok=True)
    with pytest.raises(TrainingError, match="Nothing is labelled"):
        unet_gui.fine_tune(tiny_project, epochs=1, width=0.125, device="cpu")


def test_what_can_be_chosen_of_an_export(tmp_path, tiny_project):
    report = unet_gui.export(
        tiny_project,
        "coco",
        tmp_path / "coco",
        split=Split(val=0),
        selection=Selection(Only.LABELLED, classes=ClassChoice(keep=("disc",))),
        card=Card(license="CC-BY-4.0"),
        verified=True,
    )
    assert report.images == len(report.train) > 0
    assert report.verified is not None
    assert (tmp_path / "coco" / "README.md").is_file()
    with pytest.raises(ExportError):
        unet_gui.export(tiny_project, "png", tmp_path / "png", options={"nonsense": "1"})
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").touch()
    with pytest.raises(ExportError):
        unet_gui.export(tiny_project, "png", tmp_path / "taken")
    unet_gui.export(tiny_project, "png", tmp_path / "taken", overwrite=True)
    assert (tmp_path / "taken" / "mine.txt").is_file()


def test_there_and_back(tmp_path, tiny_project):
    unet_gui.export(tiny_project, "voc", tmp_path / "voc")
    steps = []
    report = unet_gui.import_dataset(tmp_path / "voc", tmp_path / "new", on_progress=steps.append)
    assert steps
    assert report.format == "voc"
    back = unet_gui.open_project(tmp_path / "new")
    assert report.images == report.masks == len(back.images) > 0
    for entry in back.images:
        first = next(e for e in tiny_project.images if e.mask_path.stem == entry.mask_path.stem)
        shape = np.asarray(Image.open(first.path)).shape
        assert np.array_equal(back.load_mask(entry, shape), tiny_project.load_mask(first, shape))
    with pytest.raises(DatasetError):
        unet_gui.import_dataset(tmp_path / "nowhere", tmp_path / "other")


def test_an_exception_in_on_progress_stops_the_work(tiny_project, tmp_path):
    def stop(_):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        unet_gui.export(tiny_project, "png", tmp_path / "out", on_progress=stop)
    assert not (tmp_path / "out").exists()
