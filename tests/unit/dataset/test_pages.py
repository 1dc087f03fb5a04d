"""Stacks: each page, plane and point in time is an image of the project."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from unet_gui.core.errors import ImageReadError
from unet_gui.core.progress import drain
from unet_gui.dataset import pages
from unet_gui.dataset.formats import export
from unet_gui.dataset.images import load_image
from unet_gui.dataset.project import Project
from unet_gui.dataset.tiff_pages import layout_of
from unet_gui.dataset.tiff_tiles import TiledTiff

PLANES = np.stack([np.full((20, 24), 10 * i, np.uint8) for i in range(5)])
DEEP = np.arange(2 * 3 * 2 * 16 * 24, dtype=np.uint16).reshape(2, 3, 2, 16, 24)


def one_by_one(path, planes=PLANES, **options):
    with tifffile.TiffWriter(path) as tif:
        for plane in planes:
            tif.write(plane, contiguous=False, **options)
    return path


def levels_of(project):
    return [int(pages.read(e)[0, 0, 0]) for e in project.images]


@pytest.mark.parametrize(
    "kind", ["pages", "array", "pillow", "imagej", "ome", "bigtiff", "big-endian"]
)
def test_each_page_is_an_image(tmp_path, kind):
    path = tmp_path / "x.tif"
    if kind == "pages":
        one_by_one(path)
    elif kind == "pillow":
        first, *others = [Image.fromarray(p) for p in PLANES]
        first.save(path, save_all=True, append_images=others)
    elif kind in {"imagej", "ome"}:
        tifffile.imwrite(path, PLANES, metadata={"axes": "ZYX"}, **{kind: True})
    else:
        options = {"bigtiff": {"bigtiff": True}, "big-endian": {"byteorder": ">"}}
        tifffile.imwrite(path, PLANES, photometric="minisblack", **options.get(kind, {}))
    project = Project.open(tmp_path)
    assert [e.name for e in project.images] == [f"x#{i:03}.tif" for i in range(1, 6)]
    assert [e.mask_path.name for e in project.images] == [f"x#{i:03}.png" for i in range(1, 6)]
    assert levels_of(project) == [0, 10, 20, 30, 40]
    assert {pages.size(e) for e in project.images} == {(24, 20)}
    assert [int(project.thumbnail(e, 8)[0, 0, 0]) for e in project.images] == [0, 10, 20, 30, 40]
    assert [int(pages.source(e).array[3, 3, 1]) for e in project.images] == [0, 10, 20, 30, 40]
    assert load_image(path)[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("axes", "kind"), [("TZCYX", "imagej"), ("TZCYX", "ome"), ("TCZYX", "ome")]
)
def test_channels_are_no_pages(tmp_path, axes, kind):
    data = DEEP if axes == "TZCYX" else np.moveaxis(DEEP, 2, 1)
    tifffile.imwrite(tmp_path / "x.ome.tif", data, metadata={"axes": axes}, **{kind: True})
    project = Project.open(tmp_path)
    assert len(project.images) == 6
    for i, entry in enumerate(project.images):
        expected = np.moveaxis(DEEP[i // 3, i % 3], 0, -1)
        assert np.array_equal(pages.read_values(entry).pixels, expected)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((5, 16, 24), "CYX"), ((3, 16, 24), None), ((2, 16, 24), None), ((16, 24, 3), None)],
)
def test_an_axis_of_channels_in_front_is_one_image(tmp_path, shape, axes):
    options = {"metadata": {"axes": axes}} if axes else {}
    tifffile.imwrite(
        tmp_path / "x.tif", np.zeros(shape, np.float32), photometric="minisblack", **options
    )
    project = Project.open(tmp_path)
    assert [(e.name, e.page) for e in project.images] == [("x.tif", None)]


def test_smaller_copies_are_no_pages(tmp_path):
    full = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    with tifffile.TiffWriter(tmp_path / "flagged.tif") as tif:
        tif.write(full, tile=(16, 16))
        tif.write(full[::2, ::2], tile=(16, 16), subfiletype=1)
    with tifffile.TiffWriter(tmp_path / "plain.tif") as tif:
        tif.write(full, tile=(16, 16), metadata=None)
        tif.write(full[::2, ::2], tile=(16, 16), metadata=None)
    with tifffile.TiffWriter(tmp_path / "inside.ome.tif") as tif:
        tif.write(full, tile=(16, 16), subifds=1)
        tif.write(full[::2, ::2], tile=(16, 16), subfiletype=1)
    assert [e.page for e in Project.open(tmp_path).images] == [None, None, None]


def test_pages_with_smaller_copies_are_read_in_pieces(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (3, 600, 640), np.uint8)
    with tifffile.TiffWriter(tmp_path / "x.ome.tif") as tif:
        options = {"tile": (64, 64), "photometric": "minisblack"}
        tif.write(data, subifds=1, metadata={"axes": "ZYX"}, **options)
        tif.write(data[:, ::2, ::2], subfiletype=1, **options)
    for i, entry in enumerate(Project.open(tmp_path).images):
        source = TiledTiff(entry.path, entry.page)
        assert source.shape == (600, 640)
        assert source.levels == 2
        whole = pages.read(entry)
        assert np.array_equal(whole[..., 0], data[i])


def test_names_stay_when_the_stack_grows_and_files_of_such_names_come(tmp_path):
    one_by_one(tmp_path / "x.tif", PLANES[:2])
    assert [e.name for e in Project.open(tmp_path).images] == ["x#001.tif", "x#002.tif"]
    one_by_one(tmp_path / "x.tif", np.zeros((1001, 4, 4), np.uint8))
    names = [e.name for e in Project.open(tmp_path).images]
    assert (names[0], names[1000]) == ("x#001.tif", "x#1001.tif")
    tifffile.imwrite(tmp_path / "X#002.tif", PLANES[0])
    project = Project.open(tmp_path)
    assert project.entry("X#002.tif").page is None
    assert project.entry("x##002.tif").page == 1
    assert len({e.mask_path.name.casefold() for e in project.images}) == 1002


def test_a_mask_of_the_whole_stack_belongs_to_its_first_page(tmp_path):
    one_by_one(tmp_path / "x.tif")
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.ones((20, 24), np.uint8)).save(tmp_path / "masks" / "x.png")
    project = Project.open(tmp_path)
    assert (project.load_mask(project.images[0]) == 1).all()
    assert (project.load_mask(project.images[1]) == 255).all()


def test_saving_masks_leaves_the_stack_alone(tmp_path):
    path = one_by_one(tmp_path / "x.tif")
    before = hashlib.sha256(path.read_bytes()).digest()
    project = Project.open(tmp_path)
    for i, entry in enumerate(project.images):
        project.save_mask(entry, np.full((20, 24), i % 2, np.uint8))
        project.set_done(entry, True)
    again = Project.open(tmp_path)
    assert [int(again.load_mask(e)[0, 0]) for e in again.images] == [0, 1, 0, 1, 0]
    assert all(again.is_done(e) for e in again.images)
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_an_export_writes_each_page(tmp_path):
    one_by_one(tmp_path / "in" / "x.tif") if (tmp_path / "in").mkdir() is None else None
    project = Project.open(tmp_path / "in")
    for entry in project.images[1:4]:
        project.save_mask(entry, np.ones((20, 24), np.uint8))
    drain(export(project, "png", tmp_path / "out"))
    written = sorted(p.stem for p in (tmp_path / "out").rglob("images/*.png"))
    assert written == ["x_p002", "x_p003", "x_p004"]
    (image,) = (tmp_path / "out").rglob("images/x_p003.png")
    assert np.array_equal(load_image(image)[..., 0], PLANES[2])


def test_counts_are_kept_and_looked_at_again_when_the_file_changes(tmp_path, monkeypatch):
    one_by_one(tmp_path / "x.tif")
    monkeypatch.setattr(pages, "_WORTH_KEEPING", -1.0)
    Project.open(tmp_path)
    monkeypatch.setattr(pages, "page_count", lambda _path: pytest.fail("it is known"))
    assert len(Project.open(tmp_path).images) == 5
    monkeypatch.undo()
    one_by_one(tmp_path / "x.tif", PLANES[:3])
    assert len(Project.open(tmp_path).images) == 3


def test_damaged_and_cut_files_are_one_image_that_says_so(tmp_path):
    good = one_by_one(tmp_path / "x.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(good[: len(good) // 2])
    (tmp_path / "wild.tif").write_bytes(b"II*\0\xff\xff\xff\x7f")
    project = Project.open(tmp_path)
    assert [e.name for e in project.images][:1] == ["cut.tif"]
    with pytest.raises(ImageReadError):
        pages.read(project.entry("wild.tif"))
    x = project.entry("x#005.tif")
    one_by_one(tmp_path / "x.tif", PLANES[:2])
    with pytest.raises(ImageReadError):
        pages.read(x)


def test_a_loop_of_pages_ends(tmp_path):
    path = one_by_one(tmp_path / "x.tif", PLANES[:2], metadata=None)
    data = bytearray(path.read_bytes())
    first, second = layout_of(path).offsets
    count = int.from_bytes(data[second : second + 2], "little")
    at = second + 2 + 12 * count
    data[at : at + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    assert layout_of(path).count == 2
