"""Files known to be there from a listing."""

from pathlib import Path

import numpy as np
from PIL import Image

from unet_gui.dataset.presence import Presence
from unet_gui.dataset.project import Project, Status


def test_files_are_known_by_stem_at_any_depth(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "top.png").touch()
    (tmp_path / "a" / "b" / "deep.v2.tif").touch()
    present = Presence([tmp_path])
    assert "top.tif" in present
    assert "a/b/deep.v2.png" in present
    assert "deep.v2.png" not in present
    assert "a/b/deep.png" not in present


def test_case_and_accents_do_not_hide_a_file(tmp_path):
    (tmp_path / "Cafe\u0301.PNG").touch()
    assert "caf\u00e9.png" in Presence([tmp_path])


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert "a.png" not in Presence([tmp_path / "nowhere"])


def test_links_are_followed_and_circles_end(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.png").touch()
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "masks" / "round").symlink_to(tmp_path / "masks")
    present = Presence([tmp_path / "masks"])
    assert "link/x.png" in present


def test_statuses_of_many_are_those_of_each(tmp_path):
    for name in ("a.png", "sub/b.jpg", "sub/c.png", "d.png", "e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 3)).save(tmp_path / name)
    project = Project.open(tmp_path)
    mask = np.zeros((3, 4), np.uint8)
    project.save_mask(project.entry("sub/b.jpg"), mask)
    project.save_mask(project.entry("d.png"), np.full((3, 4), 255, np.uint8))
    project.save_prediction(project.entry("sub/c.png"), mask, mask, round_name="round-001")
    project.set_done(project.entry("a.png"), True)
    look = project.many_statuses()
    found = {e.name: look(e) for e in project.images}
    assert found == {e.name: project.status(e) for e in project.images}
    assert found == {
        "a.png": Status.DONE, "sub/b.jpg": Status.IN_WORK, "sub/c.png": Status.PROPOSED,
        "d.png": Status.UNTOUCHED, "e.png": Status.UNTOUCHED,
    }  # fmt: skip


def test_masks_of_a_read_only_folder_are_seen(tmp_path, monkeypatch):
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (4, 3)).save(folder / "a.png")
    Project.open(folder).save_mask(Project.open(folder).images[0], np.zeros((3, 4), np.uint8))
    monkeypatch.setattr("unet_gui.dataset.opening.is_writable", lambda _: False)
    monkeypatch.setattr(
        "unet_gui.dataset.opening.shadow_folder", lambda _: Path(tmp_path / "shadow")
    )
    project = Project.open(folder)
    assert project.root == tmp_path / "shadow"
    assert project.many_statuses()(project.images[0]) is Status.IN_WORK


def test_an_image_is_found_by_its_name(tmp_path):
    for name in ("b.png", "a.png"):
        Image.new("RGB", (4, 3)).save(tmp_path / name)
    project = Project.open(tmp_path)
    assert [project.position(n) for n in ("a.png", "b.png", "c.png")] == [0, 1, -1]
    Image.new("RGB", (4, 3)).save(tmp_path / "aa.png")
    project.refresh()
    assert [project.position(n) for n in ("a.png", "aa.png", "b.png")] == [0, 1, 2]
