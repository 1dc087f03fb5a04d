"""NIfTI: axial slices in one orientation, whatever way the voxels lie in the file."""

from __future__ import annotations

import builtins
import itertools

import numpy as np
import pytest

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import pages
from unet_gui.dataset.images import image_values, load_image
from unet_gui.dataset.project import Project

nibabel = pytest.importorskip("nibabel")

VOLUME = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)  # right, front, head


def write(path, data, affine=None, *, unit="mm", scale=None, shown=None):
    image = nibabel.Nifti1Image(data, np.diag([0.7, 0.7, 2, 1]) if affine is None else affine)
    image.header.set_xyzt_units(unit)
    if scale is not None:
        image.header.set_slope_inter(*scale)
    if shown is not None:
        image.header["cal_min"], image.header["cal_max"] = shown
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_slices_are_images(tmp_path, suffix):
    path = write(tmp_path / f"brain{suffix}", VOLUME)
    before = path.read_bytes()
    project = Project.open(tmp_path)
    assert [e.name for e in project.images] == [f"brain#{i:03}{suffix}" for i in range(1, 6)]
    assert len({e.mask_path for e in project.images}) == 5
    for i, entry in enumerate(project.images):
        assert pages.size(entry) == (3, 4)
        # The front at the top, the right at the right.
        assert np.array_equal(pages.read_values(entry).pixels[..., 0], VOLUME[:, ::-1, i].T)
    size, unit = project.pixel_size
    assert size == pytest.approx(0.7)
    assert unit == "mm"
    project.save_mask(project.images[4], np.zeros((4, 3), np.uint8))
    assert (Project.open(tmp_path).load_mask(project.images[4]) == 0).all()
    assert path.read_bytes() == before


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (-1, -1, 1)])
def test_any_orientation_looks_alike(tmp_path, order, signs):
    original = nibabel.Nifti1Image(VOLUME, np.diag([0.7, 0.7, 2, 1]))
    turned = original.as_reoriented(np.array(list(zip(order, signs, strict=True))))
    path = write(tmp_path / "x.nii", np.asarray(turned.dataobj), turned.affine)
    for i in range(5):
        assert np.array_equal(image_values(path, i).pixels[..., 0], VOLUME[:, ::-1, i].T)
    assert pages.told_pixel_size(path)[0] == pytest.approx(0.7)


def test_points_in_time_come_one_after_another(tmp_path):
    film = np.stack([VOLUME, VOLUME + 100], axis=-1)
    path = write(tmp_path / "x.nii", film)
    assert pages.page_count(path) == 10
    assert image_values(path, 7).pixels[0, 0, 0] == film[0, -1, 2, 1]


def test_scaled_values_and_what_the_file_wants_shown(tmp_path):
    path = write(tmp_path / "x.nii", VOLUME, scale=(0.5, -3), shown=(0, 10))
    held = image_values(path, 0)
    raw = np.asarray(nibabel.load(path).dataobj)
    assert np.allclose(held.pixels[..., 0], raw[:, ::-1, 0].T)
    assert held.limits == ((0.0, 10.0),)
    assert load_image(path, 0).max() == min(255, round(raw[..., 0].max() * 25.5))


def test_colours_flat_images_and_unknown_units(tmp_path):
    colors = np.zeros((3, 4, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colors["G"], colors["B"] = 7, 9
    assert load_image(write(tmp_path / "x.nii", colors))[0, 0].tolist() == [0, 7, 9]
    flat = write(tmp_path / "flat.nii", VOLUME[..., 0], unit="unknown")
    assert load_image(flat).shape == (4, 3, 3)
    assert pages.page_count(flat) == 1
    assert pages.told_pixel_size(flat) is None
    oblong = write(tmp_path / "oblong.nii", VOLUME, np.diag([1.0, 2, 2, 1]))
    assert pages.told_pixel_size(oblong) is None


def test_big_endian(tmp_path):
    image = nibabel.Nifti1Image(VOLUME, np.eye(4), nibabel.Nifti1Header(endianness=">"))
    nibabel.save(image, tmp_path / "x.nii")
    assert load_image(tmp_path / "x.nii", 1).max() == 255


def test_damaged_and_without_the_library(tmp_path, monkeypatch):
    (tmp_path / "x.nii.gz").write_bytes(b"something else")
    with pytest.raises(ImageReadError, match="damaged"):
        load_image(tmp_path / "x.nii.gz")
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("nibabel"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert len(Project.open(tmp_path).images) == 1
    with pytest.raises(ImageReadError, match="nibabel") as raised:
        load_image(tmp_path / "x.nii.gz")
    assert "unet-gui[science]" in raised.value.hint
