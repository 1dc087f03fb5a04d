"""Folders open as they are."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ProjectError
from unet_gui.core.progress import drain
from unet_gui.dataset.class_files import VOC_NAMES
from unet_gui.dataset.project import Project, Status


def picture(path, size=(12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (50, 60, 70)).save(path)


def mask(path, *ids, size=(12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.resize(np.array(ids, np.uint8), (size[1], size[0]))
    Image.fromarray(pixels).save(path)
    return pixels


def content(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def voc(root, stems=("one", "two"), ids=(0, 1, 255)):
    for stem in stems:
        picture(root / "JPEGImages" / f"{stem}.jpg")
        mask(root / "SegmentationClass" / f"{stem}.png", *ids)
    return root


@pytest.fixture
def read_only(monkeypatch):
    """Folders named here refuse every new file, as on a read-only disk, also for root."""
    refused = []
    opened = pathlib.Path.open

    def guarded(self, mode="r", *args, **kwargs):
        if set(mode) & {"w", "x", "a"} and any(self.is_relative_to(f) for f in refused):
            raise OSError(30, "Read-only file system", str(self))
        return opened(self, mode, *args, **kwargs)

    monkeypatch.setattr(pathlib.Path, "open", guarded)
    return refused


def test_plain_folder(image_folder):
    before = content(image_folder)
    project = Project.open(image_folder)
    assert [e.name for e in project.images] == ["a.png", "b.jpg", "sub/c.png"]
    assert [c.name for c in project.classes] == ["background", "object"]
    assert project.notice == ""
    assert project.name == "pictures"
    assert content(image_folder) == before
    entry = project.entry("a.png")
    project.save_mask(entry, np.ones((32, 48), np.uint8))
    assert (image_folder / "masks" / "a.png").exists()
    again = Project.open(image_folder)
    assert [e.name for e in again.images] == ["a.png", "b.jpg", "sub/c.png"]
    assert again.status(again.entry("a.png")) is Status.IN_WORK


def test_plain_folder_remembers_shared_names_with_its_first_mask(image_folder):
    picture(image_folder / "a.bmp", (48, 32))
    project = Project.open(image_folder)
    project.save_mask(project.entry("a.png"), np.ones((32, 48), np.uint8))
    stored = json.loads((image_folder / "project.json").read_text("utf-8"))
    assert stored["images"] == "."
    assert stored["mask_names"] == {"a.bmp": "a.png", "a.png": "a.png.png"}


@pytest.mark.parametrize("images", ["images", "Images"])
def test_images_and_masks(tmp_path, images):
    picture(tmp_path / images / "x" / "1.tif")
    pixels = mask(tmp_path / "masks" / "x" / "1.png", 0, 3, 255)
    project = Project.open(tmp_path)
    assert project.images[0].name == "x/1.tif"
    assert np.array_equal(project.load_mask(project.images[0]), pixels)
    assert [(c.id, c.name) for c in project.classes] == [(0, "class 0"), (3, "class 3")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "soil\n\ncrop\nweed\n"),
        ("classes.json", '{"classes": [{"id": 0, "name": "soil"}, {"id": 1, "name": "crop"}]}'),
        ("meta.json", '{"classes": [{"id": 0, "name": "soil", "rgb": [1, 2, 3]}]}'),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nsoil:1,2,3::\ncrop:4,5,6::\n"),
    ],
)
def test_class_files_are_read(tmp_path, name, text):
    picture(tmp_path / "images" / "1.png")
    mask(tmp_path / "masks" / "1.png", 0, 5)
    (tmp_path / name).write_text(text, "utf-8")
    classes = Project.open(tmp_path).classes
    assert classes[0].name == "soil"
    assert classes[5].name == "class 5"


def test_broken_class_files_are_passed_over(tmp_path):
    picture(tmp_path / "images" / "1.png")
    (tmp_path / "classes.json").write_text("{", "utf-8")
    (tmp_path / "meta.json").write_text('{"classes": 3}', "utf-8")
    (tmp_path / "classes.txt").write_text("a\na\n", "utf-8")
    assert [c.name for c in Project.open(tmp_path).classes] == ["background", "object"]


def test_binary_masks_are_spoken_of(tmp_path):
    picture(tmp_path / "images" / "1.png")
    mask(tmp_path / "masks" / "1.png", 0, 255)
    project = Project.open(tmp_path)
    assert "only 0 and 255" in project.notice
    assert len(project.classes) == 2


def test_unreadable_masks_do_not_keep_a_folder_from_opening(tmp_path):
    picture(tmp_path / "images" / "1.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "1.png").write_bytes(b"broken")
    assert Project.open(tmp_path).status(Project.open(tmp_path).images[0]) is Status.IN_WORK


def test_voc(tmp_path):
    voc(tmp_path / "VOCdevkit" / "VOC2012", stems=("2007_000032", "2007_000033"))
    for place in ("VOCdevkit", "VOCdevkit/VOC2012"):
        project = Project.open(tmp_path / place)
        assert project.root == tmp_path / "VOCdevkit" / "VOC2012"
        assert [e.name for e in project.images] == ["2007_000032.jpg", "2007_000033.jpg"]
        assert tuple(c.name for c in project.classes) == VOC_NAMES
        assert project.classes[15].color == "#c08080"
        assert project.masks_dir.name == "SegmentationClass"
        assert sorted(np.unique(project.load_mask(project.images[0]))) == [0, 1, 255]


def test_voc_in_form_only_keeps_its_own_classes(tmp_path):
    voc(tmp_path, stems=("cell 1", "cell 2"), ids=(0, 1, 2))
    assert [c.name for c in Project.open(tmp_path).classes] == ["class 0", "class 1", "class 2"]


def test_voc_without_masks_and_with_many_ids(tmp_path):
    picture(tmp_path / "a" / "JPEGImages" / "1.jpg")
    assert len(Project.open(tmp_path / "a").classes) == 21
    voc(tmp_path / "b", stems=("2007_000032",), ids=(0, 33))
    assert Project.open(tmp_path / "b").classes.ids == (0, 33)


def test_several_voc_years_are_a_question(tmp_path):
    voc(tmp_path / "VOC2007")
    voc(tmp_path / "VOC2012")
    with pytest.raises(ProjectError, match="VOC2007, VOC2012"):
        Project.open(tmp_path)


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(ProjectError, match="no folder"):
        Project.open(tmp_path / "gone")
    with pytest.raises(ProjectError, match="no images in"):
        Project.open(tmp_path)
    picture(tmp_path / "a.png")
    with pytest.raises(ProjectError, match=r"a\.png is a file") as caught:
        Project.open(tmp_path / "a.png")
    assert "folder it is in" in caught.value.hint


def test_an_empty_images_folder_is_a_project_to_be(tmp_path):
    (tmp_path / "images").mkdir()
    assert Project.open(tmp_path).images == []


def test_project_json_itself_can_be_given(tiny_project):
    assert Project.open(tiny_project.root / "project.json").root == tiny_project.root


def test_through_a_link(tmp_path, image_folder):
    try:
        (tmp_path / "link").symlink_to(image_folder, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    project = Project.open(tmp_path / "link")
    assert project.root == image_folder.resolve()


def test_read_only_folder_of_images(image_folder, read_only):
    read_only.append(image_folder)
    before = content(image_folder)
    project = Project.open(image_folder)
    assert "read-only" in project.notice
    assert project.root != image_folder
    assert project.source == image_folder
    assert project.name == "pictures"
    entry = project.entry("sub/c.png")
    project.save_mask(entry, np.ones((32, 48), np.uint8))
    project.set_done(entry, True)
    assert content(image_folder) == before
    for again in (Project.open(image_folder), Project.open(project.root)):
        assert (again.load_mask(again.entry("sub/c.png")) == 1).all()
        assert again.status(again.entry("sub/c.png")) is Status.DONE
        assert [e.name for e in again.images] == ["a.png", "b.jpg", "sub/c.png"]


def test_read_only_voc_keeps_its_masks_until_they_are_changed(tmp_path, read_only):
    root = voc(tmp_path / "voc", stems=("2007_000032", "2007_000033"))
    read_only.append(root)
    project = Project.open(root)
    one, two = project.images
    assert project.status(one) is Status.IN_WORK
    original = project.load_mask(one)
    assert set(np.unique(original)) == {0, 1, 255}
    project.save_mask(one, original * 0)
    again = Project.open(root)
    assert (again.load_mask(again.images[0]) == 0).all()
    assert np.array_equal(again.load_mask(again.images[1]), original)
    assert again.mask_file(two) == root / "SegmentationClass" / "2007_000033.png"
    assert drain(again.merge_class(1, 5)) == int((original == 1).sum())
    assert set(np.unique(again.load_mask(again.images[1]))) == {0, 5, 255}
    assert 1 not in again.classes


def test_read_only_project(tiny_project, read_only):
    folder = tiny_project.models_dir / "round-001"
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"x")
    (folder / "model.json").write_text("{}", "utf-8")
    tiny_project.adopt("round-001")
    tiny_project.set_done(tiny_project.images[0], True)
    read_only.append(tiny_project.root)
    project = Project.open(tiny_project.root)
    assert project.root != tiny_project.root
    assert project.adopted == "round-001"
    assert project.round("round-001").path == folder
    assert project.next_round_name() == "round-002"
    assert project.models_dir.parent == project.root
    assert project.status(project.images[0]) is Status.DONE
    assert np.array_equal(
        project.load_mask(project.images[1]), tiny_project.load_mask(tiny_project.images[1])
    )


def test_work_on_a_folder_that_was_read_only_is_not_forgotten(image_folder, read_only):
    read_only.append(image_folder)
    project = Project.open(image_folder)
    project.save_mask(project.entry("a.png"), np.ones((32, 48), np.uint8))
    read_only.clear()
    again = Project.open(image_folder)
    assert again.root == project.root
    assert "was read-only before" in again.notice
    assert (again.load_mask(again.entry("a.png")) == 1).all()


def test_the_folder_behind_is_gone(image_folder, read_only):
    read_only.append(image_folder)
    project = Project.open(image_folder)
    image_folder.rename(image_folder.with_name("away"))
    with pytest.raises(ProjectError, match="is not there"):
        Project.open(project.root)


def test_nowhere_to_write(image_folder, read_only, tmp_path, monkeypatch):
    read_only.append(image_folder)
    (tmp_path / "blocked").write_bytes(b"")
    monkeypatch.setattr("unet_gui.dataset.places.data_folder", lambda: tmp_path / "blocked")
    with pytest.raises(ProjectError, match="cannot be made"):
        Project.open(image_folder)


def test_shared_sets_open(shared_data):
    project = Project.open(shared_data("wbc"))
    assert [c.name for c in project.classes] == ["background", "cytoplasm", "nucleus"]
    assert project.status(project.images[0]) is Status.IN_WORK
