from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from unet_gui.core.errors import ProjectError, UnetGuiError
from unet_gui.dataset import bundled

NEEDED = (
    "brush",
    "eraser",
    "lasso",
    "pan",
    "undo",
    "redo",
    "zoom_fit",
    "zoom_actual",
    "zoom_in",
    "zoom_out",
    "accept",
    "accept_next",
    "accept_region",
    "discard",
    "fine_tune",
    "stop",
    "export",
    "open_folder",
    "new_project",
    "add",
    "remove",
    "edit",
    "merge",
    "up",
    "down",
    "eye",
    "eye_off",
    "outline",
    "contrast",
    "theme",
    "previous",
    "next",
    "done",
    "help",
    "settings",
    "rollback",
    "filter",
    "search",
    "app",
)


@pytest.mark.parametrize("name", NEEDED)
def test_each_icon_the_window_needs_is_there(name):
    assert name in bundled.icon_names()


@pytest.mark.parametrize("name", bundled.icon_names())
def test_an_icon_is_well_formed_and_takes_the_colour(name):
    source = bundled.icon_svg(name, "#123456")
    root = ElementTree.fromstring(source)
    assert root.tag.endswith("svg")
    assert b"currentColor" not in source
    if name != "app":
        assert root.get("viewBox") == "0 0 24 24"
        assert root.get("stroke-width") == "1.75"
        assert set(re.findall(rb"#[0-9a-f]{6}", source)) == {b"#123456"}


def test_an_unknown_icon_is_named_in_the_message():
    with pytest.raises(UnetGuiError, match="no_such_icon"):
        bundled.icon_svg("no_such_icon")


def test_the_sample_is_copied_once_and_then_left_alone(tmp_path):
    dest = tmp_path / "data" / "sample"
    assert bundled.sample_project_copy(dest) == dest
    project = json.loads((dest / "project.json").read_text("utf-8"))
    assert [c["name"] for c in project["classes"]] == ["background", "cytoplasm", "nucleus"]
    images = sorted(p.name for p in (dest / "images").iterdir())
    assert 12 <= len(images) <= 14
    assert set(project["done"]) < set(images)

    mask = dest / "masks" / "slide-01.png"
    mask.write_bytes(b"corrected by hand")
    bundled.sample_project_copy(dest)
    assert mask.read_bytes() == b"corrected by hand"
    assert [p.name for p in dest.parent.iterdir()] == ["sample"]


def test_an_empty_folder_is_filled(tmp_path):
    dest = tmp_path / "sample"
    dest.mkdir()
    bundled.sample_project_copy(dest)
    assert (dest / "project.json").is_file()


def test_a_folder_with_other_things_is_not_touched(tmp_path):
    (tmp_path / "holiday.txt").write_text("mine")
    with pytest.raises(ProjectError, match="something else"):
        bundled.sample_project_copy(tmp_path)
    assert (tmp_path / "holiday.txt").read_text() == "mine"


def test_a_failed_copy_leaves_nothing_and_says_why(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundled.shutil, "copytree", full)
    with pytest.raises(ProjectError, match="No space left"):
        bundled.sample_project_copy(tmp_path / "sample")
    assert list(tmp_path.iterdir()) == []


def test_the_copy_of_a_read_only_installation_can_be_written(tmp_path, monkeypatch):
    source = tmp_path / "installed"
    (source / "sample" / "images").mkdir(parents=True)
    (source / "sample" / "project.json").write_text("{}")
    (source / "sample" / "images").chmod(0o555)
    monkeypatch.setattr(bundled, "resources", lambda: source)
    dest = bundled.sample_project_copy(tmp_path / "copy")
    assert (dest / "images").stat().st_mode & 0o200


def test_held_out_truth_belongs_to_images_outside_the_sample():
    truth = bundled.sample_truth()
    held_out = {p.stem for p in (truth / "images").iterdir()}
    assert held_out == {p.stem for p in (truth / "masks").iterdir()}
    sample = {p.stem for p in (bundled.resources() / "sample" / "images").iterdir()}
    assert held_out
    assert not held_out & sample


def test_a_missing_starter_is_a_message(tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "resources", lambda: tmp_path)
    with pytest.raises(UnetGuiError, match="starter"):
        bundled.starter_checkpoint()


def test_an_incomplete_installation_is_a_message(tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "files", lambda _name: tmp_path / "unet_gui")
    bundled.resources.cache_clear()
    try:
        with pytest.raises(UnetGuiError, match="missing"):
            bundled.resources()
    finally:
        monkeypatch.undo()
        bundled.resources.cache_clear()


def test_the_starter_says_what_it_knows_without_being_loaded(monkeypatch):
    known = bundled.starter_classes()
    info = json.loads((bundled.starter_checkpoint() / "model.json").read_text("utf-8"))
    assert known == {c["id"]: c["name"] for c in info["classes"]}

    def missing():
        raise UnetGuiError("incomplete")

    monkeypatch.setattr(bundled, "starter_checkpoint", missing)
    assert bundled.starter_classes() == {}
