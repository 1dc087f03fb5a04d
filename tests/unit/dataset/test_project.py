"""A project from making it to opening it again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from unet_gui.core.errors import (
    ClassTableError,
    ImageReadError,
    MaskReadError,
    MaskWriteError,
    ProjectError,
)
from unet_gui.core.progress import drain
from unet_gui.dataset.project import Project, Status


def names(project):
    return [e.name for e in project.images]


def blank(project, entry):
    return np.full(project.load_mask(entry).shape, 255, np.uint8)


def test_create_leaves_images_where_they_are(tmp_path, image_folder):
    project = Project.create(tmp_path / "p", images=image_folder, classes=["a", "b"])
    assert names(project) == ["a.png", "b.jpg", "sub/c.png"]
    assert sorted(p.name for p in (tmp_path / "p").iterdir() if p.name[0] != ".") == [
        "project.json"
    ]
    data = json.loads((tmp_path / "p" / "project.json").read_text("utf-8"))
    assert data["images"] == str(image_folder)
    assert data["format"] == 1


def test_images_inside_are_noted_relative_and_the_project_can_move(tmp_path, image_folder):
    root = tmp_path / "p"
    root.mkdir()
    image_folder.rename(root / "scans")
    project = Project.create(root, images=root / "scans", classes=["a"])
    mask = project.load_mask(project.images[0]) * 0
    project.save_mask(project.images[0], mask)
    assert json.loads((root / "project.json").read_text("utf-8"))["images"] == "scans"
    root.rename(tmp_path / "moved")
    moved = Project.open(tmp_path / "moved")
    assert names(moved) == ["a.png", "b.jpg", "sub/c.png"]
    assert moved.load_mask(moved.images[0]).max() == 0


def test_an_existing_project_is_not_overwritten(tiny_project, image_folder):
    before = (tiny_project.root / "project.json").read_bytes()
    with pytest.raises(ProjectError, match="is a project already"):
        Project.create(tiny_project.root, images=image_folder, classes=["x"])
    assert (tiny_project.root / "project.json").read_bytes() == before


def test_create_refuses_what_cannot_be(tmp_path, image_folder):
    with pytest.raises(ProjectError, match="no folder of images"):
        Project.create(tmp_path / "p", images=tmp_path / "gone", classes=["a"])
    with pytest.raises(ClassTableError):
        Project.create(tmp_path / "p", images=image_folder, classes=["a", "A"])
    assert not (tmp_path / "p").exists()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProjectError, match="cannot be made"):
        Project.create(tmp_path / "file", images=image_folder, classes=["a"])


def test_masks_are_named_like_images(tiny_project):
    relative = [e.mask_path.relative_to(tiny_project.root) for e in tiny_project.images]
    assert [p.as_posix() for p in relative] == ["masks/a.png", "masks/b.png", "masks/sub/c.png"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(mask=hnp.arrays(np.uint8, (32, 48), elements=st.sampled_from([0, 1, 2, 255])))
def test_save_then_load_is_identity(tiny_project, mask):
    entry = tiny_project.entry("sub/c.png")
    tiny_project.save_mask(entry, mask)
    again = Project.open(tiny_project.root)
    assert np.array_equal(again.load_mask(again.entry("sub/c.png")), mask)
    counts = again.mask_counts(again.entry("sub/c.png"))
    assert counts == {int(v): int((mask == v).sum()) for v in np.unique(mask)}


def test_a_missing_mask_is_all_unlabelled(tiny_project):
    mask = tiny_project.load_mask(tiny_project.entry("sub/c.png"))
    assert mask.shape == (32, 48)
    assert (mask == 255).all()
    assert tiny_project.load_mask(tiny_project.entry("sub/c.png"), (2, 3, 3)).shape == (2, 3)


def test_a_mask_of_another_program_is_used(tiny_project):
    entry = tiny_project.entry("sub/c.png")
    entry.mask_path.parent.mkdir(parents=True)
    Image.fromarray(np.ones((32, 48), np.uint8)).save(entry.mask_path)
    assert (tiny_project.load_mask(entry) == 1).all()
    assert tiny_project.status(entry) is Status.IN_WORK


def test_wrong_size_is_named_and_nothing_changes(tiny_project):
    entry = tiny_project.entry("a.png")
    Image.new("L", (5, 5)).save(entry.mask_path)
    before = entry.mask_path.read_bytes()
    with pytest.raises(MaskReadError, match=r"5×5.*48×32"):
        tiny_project.load_mask(entry)
    assert entry.mask_path.read_bytes() == before


def test_a_damaged_mask_survives_the_next_save(tiny_project):
    entry = tiny_project.entry("a.png")
    entry.mask_path.write_bytes(b"damaged")
    with pytest.raises(MaskReadError):
        tiny_project.load_mask(entry)
    tiny_project.save_mask(entry, np.zeros((32, 48), np.uint8))
    tiny_project.save_mask(entry, np.ones((32, 48), np.uint8))
    assert (tiny_project.load_mask(entry) == 1).all()
    backup = entry.mask_path.with_name("a.png.bak")
    assert backup.read_bytes() == b"damaged"
    assert not entry.mask_path.with_name("a.png.2.bak").exists()


def test_a_damaged_mask_survives_even_unseen(tiny_project):
    entry = tiny_project.entry("a.png")
    again = Project.open(tiny_project.root)
    entry.mask_path.write_bytes(b"damaged")
    again.save_mask(again.entry("a.png"), np.zeros((32, 48), np.uint8))
    assert entry.mask_path.with_name("a.png.bak").read_bytes() == b"damaged"


def test_a_mask_another_program_wrote_meanwhile_is_kept(tiny_project):
    entry = tiny_project.entry("a.png")
    tiny_project.load_mask(entry)
    other = np.full((32, 48), 2, np.uint8)
    Image.fromarray(other).save(entry.mask_path)
    tiny_project.save_mask(entry, other * 0)
    with Image.open(entry.mask_path.with_name("a.png.bak"), formats=["PNG"]) as kept:
        assert np.array_equal(np.asarray(kept), other)


def test_when_no_backup_can_be_kept_nothing_is_overwritten(tiny_project, monkeypatch):
    entry = tiny_project.entry("a.png")
    entry.mask_path.write_bytes(b"damaged")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", fail)
    monkeypatch.setattr("shutil.copy2", fail)
    with pytest.raises(MaskWriteError, match="disk is full"):
        tiny_project.save_mask(entry, np.zeros((32, 48), np.uint8))
    assert entry.mask_path.read_bytes() == b"damaged"


def test_backups_without_hard_links(tiny_project, monkeypatch):
    entry = tiny_project.entry("a.png")

    def fail(*_, **__):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", fail)
    for content in (b"damaged", b"again"):
        entry.mask_path.write_bytes(content)
        tiny_project.save_mask(entry, np.zeros((32, 48), np.uint8))
    assert entry.mask_path.with_name("a.png.bak").read_bytes() == b"damaged"
    assert entry.mask_path.with_name("a.png.2.bak").read_bytes() == b"again"


def test_images_that_appear_later_belong_to_it(tiny_project):
    assert not tiny_project.refresh()
    Image.new("RGB", (8, 8)).save(tiny_project.images_dir / "new.png")
    assert tiny_project.refresh()
    assert names(tiny_project) == ["a.png", "b.jpg", "new.png", "sub/c.png"]
    (tiny_project.images_dir / "new.png").unlink()
    assert tiny_project.refresh()


def test_a_second_image_of_a_stem_does_not_take_the_mask(tiny_project):
    before = tiny_project.load_mask(tiny_project.entry("b.jpg"))
    Image.new("RGB", (48, 32)).save(tiny_project.images_dir / "b.bmp")
    for project in (tiny_project, Project.open(tiny_project.root)):
        project.refresh()
        assert project.entry("b.bmp").mask_path.name == "b.bmp.png"
        assert np.array_equal(project.load_mask(project.entry("b.jpg")), before)
        assert "b.bmp" in project.notice
    stored = json.loads((tiny_project.root / "project.json").read_text("utf-8"))
    assert stored["mask_names"] == {"b.bmp": "b.bmp.png", "b.jpg": "b.png"}


def test_images_that_went_away(tiny_project):
    for entry in tiny_project.images:
        entry.path.unlink()
    tiny_project.refresh()
    assert tiny_project.images == []
    (tiny_project.images_dir / "sub").rmdir()
    tiny_project.images_dir.rmdir()
    with pytest.raises(ProjectError, match="images are not there"):
        tiny_project.refresh()
    with pytest.raises(ProjectError, match="images are not there"):
        Project.open(tiny_project.root)


def test_unknown_image(tiny_project):
    with pytest.raises(ProjectError, match="no image"):
        tiny_project.entry("zzz.png")


def test_unreadable_image(tiny_project):
    tiny_project.entry("sub/c.png").path.write_bytes(b"")
    with pytest.raises(ImageReadError, match=r"c\.png"):
        tiny_project.load_mask(tiny_project.entry("sub/c.png"))


def test_classes_and_retired_ids(tiny_project):
    tiny_project.set_classes(tiny_project.classes.removed(1).renamed(2, "box"))
    assert tiny_project.retired == {1}
    again = Project.open(tiny_project.root)
    assert again.classes.ids == (0, 2)
    assert again.classes[2].name == "box"
    assert again.classes.added("new", retired=again.retired).ids == (0, 2, 3)
    again.set_classes(again.classes)
    assert again.retired == {1}


def test_recoloured_classes_reach_the_palette(tiny_project):
    tiny_project.set_classes(tiny_project.classes.recolored(0, "#010203"))
    entry = tiny_project.entry("a.png")
    tiny_project.save_mask(entry, tiny_project.load_mask(entry))
    with Image.open(entry.mask_path) as image:
        assert image.getpalette()[:3] == [1, 2, 3]


def test_a_read_only_project_json_is_said(tiny_project, monkeypatch):
    def fail(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(ProjectError, match="read-only"):
        tiny_project.set_done(tiny_project.images[0], True)
    with pytest.raises(MaskWriteError, match="read-only"):
        tiny_project.save_mask(tiny_project.images[0], np.zeros((32, 48), np.uint8))
    entry, mask = tiny_project.images[0], np.zeros((32, 48), np.uint8)
    assert not tiny_project.save_prediction(entry, mask, mask, round_name="x")
    assert tiny_project.thumbnail(entry, 16).shape == (11, 16, 3)


def test_a_drive_that_went_away_is_not_written_to(tiny_project):
    entry = tiny_project.images[0]
    mask = tiny_project.load_mask(entry)
    tiny_project.root.rename(tiny_project.root.with_name("unplugged"))
    tiny_project.thumbnail(entry, 8)  # its cache must not pass for the project
    for change in (
        lambda: tiny_project.save_mask(entry, mask),
        lambda: tiny_project.set_done(entry, True),
    ):
        with pytest.raises(ProjectError, match="is gone"):
            change()
    assert not (tiny_project.root / "masks").exists()


def test_a_deleted_project_json_is_written_again(tiny_project):
    (tiny_project.root / "project.json").unlink()
    tiny_project.save_mask(tiny_project.images[0], np.zeros((32, 48), np.uint8))
    assert len(Project.open(tiny_project.root).classes) == 3


def test_a_name_too_long_for_its_mask_is_said(tiny_project):
    for suffix in (".bmp", ".png"):
        Image.new("L", (4, 4)).save(tiny_project.images_dir / ("n" * 251 + suffix))
    tiny_project.refresh()
    entry = tiny_project.entry("n" * 251 + ".png")
    assert tiny_project.status(entry) is Status.UNTOUCHED
    with pytest.raises(MaskWriteError, match="too long"):
        tiny_project.save_mask(entry, np.zeros((4, 4), np.uint8))


def test_create_with_masks(tmp_path, image_folder, drawn):
    masks = tmp_path / "old"
    masks.mkdir()
    Image.fromarray(drawn(0)[1]).save(masks / "a.png")
    project = Project.create(
        tmp_path / "p", images=image_folder, classes=["x", "y", "z"], masks=masks
    )
    assert np.array_equal(project.load_mask(project.entry("a.png")), drawn(0)[1])
    assert project.notice == ""


def test_opening_a_large_folder_reads_no_pixels(tiny_project, monkeypatch):
    monkeypatch.setattr("unet_gui.dataset.images._load", None)
    monkeypatch.setattr("unet_gui.dataset.masks._read", None)
    assert len(Project.open(tiny_project.root).images) == 3


def test_drain_of_class_pixels(tiny_project, drawn):
    assert drain(tiny_project.class_pixels(1)) == sum(
        (tiny_project.load_mask(e) == 1).sum() for e in tiny_project.images
    )


def test_a_project_json_damaged_while_open_disturbs_nobody(tiny_project):
    entry = tiny_project.entry("a.png")
    tiny_project.set_done(entry, True)
    file = tiny_project.root / "project.json"
    file.write_text("{ half")
    assert tiny_project.adopted is None
    tiny_project.refresh()
    assert tiny_project.status(entry) is Status.DONE
    assert tiny_project.status(tiny_project.entry("sub/c.png")) is Status.UNTOUCHED
    with pytest.raises(ProjectError, match="damaged"):
        tiny_project.set_done(entry, False)
    assert file.read_text() == "{ half"


def test_classes_changed_by_another_process_reach_the_palette(tiny_project):
    other = Project.open(tiny_project.root)
    other.set_classes(other.classes.recolored(1, "#010203"))
    entry = tiny_project.entry("a.png")
    tiny_project.status(tiny_project.entry("sub/c.png"))  # looks for a newer project.json
    tiny_project.save_mask(entry, tiny_project.load_mask(entry))
    with Image.open(entry.mask_path) as mask:
        assert tuple(mask.getpalette()[3:6]) == (1, 2, 3)
