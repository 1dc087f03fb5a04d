"""`new` and `export`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from unet_gui.dataset.formats import FORMATS
from unet_gui.dataset.project import Project


def test_new(run_cli, tmp_path, image_folder):
    result = run_cli(
        "new", tmp_path / "p", "--images", image_folder, "--classes", "soil,crop:#aabbcc"
    )
    assert result.code == 0
    assert "3 images" in result.out
    project = Project.open(tmp_path / "p")
    assert [(c.name, c.color) for c in project.classes][1] == ("crop", "#aabbcc")
    assert not list((tmp_path / "p").rglob("*.jpg"))


def test_new_json(run_cli, tmp_path, image_folder):
    result = run_cli("new", tmp_path / "p", "--images", image_folder, "--classes", "a,b", "--json")
    (event,) = result.events
    assert event["event"] == "done"
    assert event["images"] == 3
    assert [c["name"] for c in event["classes"]] == ["a", "b"]


def test_new_with_masks(run_cli, tmp_path, image_folder, drawn):
    masks = tmp_path / "m"
    masks.mkdir()
    Image.fromarray(drawn(0)[1]).save(masks / "a.png")
    Image.fromarray(drawn(0)[1][:5]).save(masks / "b.png")
    Image.fromarray(drawn(0)[1]).save(masks / "x.png")
    result = run_cli(
        "new", tmp_path / "p", "--images", image_folder, "--classes", "a,b,c", "--masks", masks
    )
    assert result.code == 0
    assert "1 masks imported" in result.out
    assert "warning: b.png is 48×5 pixels" in result.err
    assert "x.png" in result.err
    project = Project.open(tmp_path / "p")
    assert np.array_equal(project.load_mask(project.entry("a.png")), drawn(0)[1])


def test_new_in_an_empty_folder_of_images(run_cli, tmp_path):
    (tmp_path / "images").mkdir()
    result = run_cli("new", tmp_path / "p", "--images", tmp_path / "images", "--classes", "a")
    assert result.code == 0
    assert "No images" in result.err


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"--images": "/no/such"}, 1, "no folder of images"),
        ({"--masks": "/no/such"}, 1, "no folder of masks"),
        ({"--classes": "a,,b"}, 2, "no name"),
        ({"--classes": "a,a"}, 2, "called"),
    ],
)
def test_new_refuses(run_cli, tmp_path, image_folder, change, code, word):
    options = {"--images": image_folder, "--classes": "a,b", **change}
    result = run_cli("new", tmp_path / "p", *(w for pair in options.items() for w in pair))
    assert result.code == code
    assert word in result.err
    assert not (tmp_path / "p").exists()


def test_new_does_not_overwrite(run_cli, tiny_project, image_folder):
    result = run_cli("new", tiny_project.root, "--images", image_folder, "--classes", "x")
    assert result.code == 1
    assert "is a project already" in result.err
    assert len(Project.open(tiny_project.root).classes) == 3


@pytest.mark.parametrize("form", ["voc", "png"])
def test_export(run_cli, tiny_project, tmp_path, form):
    result = run_cli("export", tiny_project.root, "--format", form, "--out", tmp_path / "o")
    assert result.code == 0
    assert "2 images, 1 to train on and 1 to validate on" in result.out
    again = run_cli(
        "export", tiny_project.root, "--format", form, "--out", tmp_path / "o", "--json", "--all"
    )
    assert again.events[-1]["event"] == "done"
    assert again.events[-1]["images"] == 3
    assert all(e["event"] == "progress" for e in again.events[:-1])


def test_export_refuses(run_cli, tiny_project, tmp_path):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "thesis").write_bytes(b"")
    words = ("export", tiny_project.root, "--format", "voc", "--out", tmp_path / "o")
    result = run_cli(*words)
    assert result.code == 1
    assert "--overwrite" in result.err
    assert run_cli(*words, "--overwrite").code == 0
    assert run_cli("export", tmp_path / "gone", "--format", "voc", "--out", tmp_path).code == 1


def test_a_damaged_project_is_said(run_cli, tiny_project, tmp_path):
    (tiny_project.root / "project.json").write_text("{", "utf-8")
    result = run_cli(
        "export", tiny_project.root, "--format", "voc", "--out", tmp_path / "o", "--json"
    )
    assert result.code == 1
    assert "damaged" in json.loads(result.out)["message"]


def test_export_with_everything_chosen(run_cli, tiny_project, tmp_path):
    result = run_cli(
        "export", tiny_project.root, "--format", "png", "--out", tmp_path / "o", "--only", "all",
        "--val", "0.3", "--test", "0.3", "--group", "[abc]", "--crops", "16", "--overlap", "2",
        "--classes", "thing,background", "--map", "disc=thing", "--map", "square=thing",
        "--renumber", "--license", "CC0", "--verify", "--json",
    )  # fmt: skip
    assert result.code == 0
    event = result.events[-1]
    assert event["images"] == event["train"] + event["val"] + event["test"] == 3 * 12
    assert event["verified"]["images"] == 36
    card = json.loads((tmp_path / "o" / "dataset_card.json").read_text("utf-8"))
    assert [c["name"] for c in card["classes"]] == ["thing", "background"]
    assert card["license"] == "CC0"


def test_export_by_lists_and_without_a_card(run_cli, tiny_project, tmp_path):
    (tmp_path / "val.txt").write_text("a\n", "utf-8")
    result = run_cli(
        "export", tiny_project.root, "--format", "voc", "--out", tmp_path / "o", "--no-card",
        "--lists", tmp_path / "val.txt",
    )  # fmt: skip
    assert "2 images, 1 to train on and 1 to validate on" in result.out
    assert not (tmp_path / "o" / "README.md").exists()
    assert (tmp_path / "o" / "ImageSets" / "Segmentation" / "val.txt").read_text("utf-8") == "a\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--map", "disc"), 2, "no mapping"),
        (("--crops", "big"), 2, "no size"),
        (("--overlap", "3"), 2, "for crops"),
        (("--all", "--only", "done"), 2, "contradict"),
        (("--classes", "tree"), 1, "no class “tree”"),
        (("--only", "done"), 1, "marked as done"),
        (("--group", "("), 1, "regular expression"),
    ],
)
def test_export_refuses_nonsense(run_cli, tiny_project, tmp_path, words, code, said):
    result = run_cli(
        "export", tiny_project.root, "--format", "png", "--out", tmp_path / "o", *words
    )
    assert result.code == code
    assert said in result.err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("command", ["export", "import"])
def test_the_help_says_what_each_format_is_and_lets_choose(command, run_cli):
    reading = command == "import"
    result = run_cli(command, "--help")
    assert result.code == 0
    listed = " ".join(result.out.split("\nformats:\n")[1].split())
    for known in FORMATS.values():
        if known.read if reading else known.write:
            assert f"{known.key} {known.title if reading else known.description}" in listed
        for option in known.options:
            if option.reading if reading else option.writing:
                assert f"--set {option.key}=" in listed
                assert option.help in listed
