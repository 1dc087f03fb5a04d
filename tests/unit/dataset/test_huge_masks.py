"""Masks of huge images in a project: in tiles on disk, and everybody finds them there."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from unet_gui.core.document import Document
from unet_gui.core.errors import MaskReadError
from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset import mask_store
from unet_gui.dataset.project import Project, Status

SIZE = (700, 600)  # (width, height)


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    monkeypatch.setattr(mask_store, "TILED_FROM", 100_000)
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", SIZE).save(folder / "big.png")
    Image.new("RGB", (90, 80)).save(folder / "small.png")
    return Project.create(tmp_path / "p", images=folder, classes=["a", "b", "c"])


def painted(project: Project) -> Document:
    """The large image with two squares, saved after each."""
    entry = project.entry("big.png")
    doc = Document(project.load_mask_tiles(entry))
    for x in (10, 400):
        doc.apply("paint", Rect(x, x, x + 100, x + 90), 1)
        project.save_mask_snapshot(entry, doc.snapshot(), set(doc.changed_tiles))
        doc.changed_tiles.clear()
    return doc


def test_it_is_a_tiff_of_the_same_stem(project):
    doc = painted(project)
    entry = project.entry("big.png")
    assert project.mask_file(entry) == project.masks_dir / "big.tif"
    assert [p.name for p in project.masks_dir.iterdir()] == ["big.tif"]
    assert np.array_equal(tifffile.imread(project.masks_dir / "big.tif"), doc.mask)


def test_small_ones_stay_png(project):
    entry = project.entry("small.png")
    doc = Document(project.load_mask_tiles(entry))
    doc.apply("paint", Rect(0, 0, 20, 20), 2)
    project.save_mask_snapshot(entry, doc.snapshot(), {(0, 0)})
    assert project.mask_file(entry) == project.masks_dir / "small.png"
    assert np.array_equal(project.load_mask(entry), doc.mask)
    assert project.mask_counts(entry) == {2: 400, 255: 90 * 80 - 400}


def test_everybody_finds_it(project):
    doc = painted(project)
    for opened in (project, Project.open(project.root)):
        entry = opened.entry("big.png")
        assert np.array_equal(opened.load_mask(entry), doc.mask)
        assert np.array_equal(Document(opened.load_mask_tiles(entry)).mask, doc.mask)
        assert opened.mask_counts(entry) == {1: 18_000, 255: 420_000 - 18_000}
        assert opened.status(entry) is Status.IN_WORK


def test_only_changed_tiles_are_written(project):
    entry = project.entry("big.png")
    doc = Document(project.load_mask_tiles(entry))
    noise = np.random.default_rng(0).integers(0, 3, (600, 700), np.uint8)
    doc.apply("noise", doc.bounds, noise)
    project.save_mask_snapshot(entry, doc.snapshot())
    file = project.mask_file(entry)
    before, inode = file.stat().st_size, file.stat().st_ino
    again = Project.open(project.root)
    entry = again.entry("big.png")
    doc = Document(again.load_mask_tiles(entry))
    doc.apply("dot", Rect(3, 3, 5, 5), 0)
    again.save_mask_snapshot(entry, doc.snapshot(), set(doc.changed_tiles))
    assert file.stat().st_ino == inode
    assert file.stat().st_size - before < 40_000
    assert np.array_equal(again.load_mask(entry), doc.mask)
    assert again.mask_counts(entry) == dict(
        zip(*(a.tolist() for a in np.unique(doc.mask, return_counts=True)), strict=True)
    )


def test_whole_arrays_are_saved_as_tiles_too(project):
    entry = project.entry("big.png")
    mask = np.full((600, 700), 2, np.uint8)
    project.save_mask(entry, mask)
    assert project.mask_file(entry).suffix == ".tif"
    assert np.array_equal(project.load_mask(entry), mask)


def test_merging_and_deleting_classes(project):
    painted(project)
    entry = project.entry("big.png")
    assert drain(project.merge_class(1, 2)) == 18_000
    assert project.mask_counts(entry) == {2: 18_000, 255: 402_000}
    assert drain(project.delete_class(2)) == 18_000
    assert project.mask_counts(entry) == {255: 420_000}
    assert not (project.load_mask(entry) != 255).any()


def test_a_png_from_before_is_taken_over_and_kept(project, monkeypatch):
    entry = project.entry("big.png")
    with monkeypatch.context() as patched:
        patched.setattr(mask_store, "TILED_FROM", 10**9)
        project.save_mask(entry, np.zeros((600, 700), np.uint8))
    assert entry.mask_path.exists()
    doc = painted(project)
    assert project.mask_counts(entry) == {0: 402_000, 1: 18_000}
    assert np.array_equal(project.load_mask(entry), doc.mask)
    assert sorted(p.name for p in project.masks_dir.iterdir()) == ["big.png.bak", "big.tif"]


def test_a_damaged_one_is_told_and_never_lost(project):
    painted(project)
    entry = project.entry("big.png")
    file = project.mask_file(entry)
    content = file.read_bytes()[:3000]
    file.write_bytes(content)
    opened = Project.open(project.root)
    with pytest.raises(MaskReadError):
        opened.load_mask_tiles(entry)
    with pytest.raises(MaskReadError):
        opened.load_mask(entry)
    doc = Document.blank(600, 700)
    opened.save_mask_snapshot(entry, doc.snapshot(), set())
    assert file.with_name("big.tif.bak").read_bytes() == content
    assert np.array_equal(opened.load_mask(entry), doc.mask)


def test_a_copy_of_what_others_changed_keeps_its_content(project):
    """The backup may be the same file under another name: it must not be written into."""
    doc = painted(project)
    entry = project.entry("big.png")
    file = project.mask_file(entry)
    with file.open("ab") as out:
        out.write(b"changed by somebody")
    content = file.read_bytes()
    doc.apply("dot", Rect(3, 3, 5, 5), 0)
    project.save_mask_snapshot(entry, doc.snapshot(), set(doc.changed_tiles))
    assert file.with_name("big.tif.bak").read_bytes() == content
    assert np.array_equal(project.load_mask(entry), doc.mask)


def test_a_tiff_of_another_program_is_no_mask(project):
    project.masks_dir.mkdir(exist_ok=True)
    tifffile.imwrite(project.masks_dir / "small.tif", np.zeros((80, 90), np.uint8))
    assert project.mask_file(project.entry("small.png")) is None
    assert (project.load_mask(project.entry("small.png")) == 255).all()


def test_wrong_size(project):
    painted(project)
    with pytest.raises(MaskReadError, match="700×600"):
        project.load_mask_tiles(project.entry("big.png"), (70, 60))
