"""DICOM: frames as images, rescaled values, the window of the file."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ImageReadError
from unet_gui.core.progress import drain
from unet_gui.dataset import pages
from unet_gui.dataset.doctor import Severity, examine
from unet_gui.dataset.formats import export
from unet_gui.dataset.images import image_size, image_values, load_image
from unet_gui.dataset.project import Project

pydicom = pytest.importorskip("pydicom")

FRAMES = np.stack([np.full((6, 8), 100 * i, np.uint16) for i in range(3)])
FRAMES[:, :, 4:] += 1000


def write(path, pixels, **tags):
    """A file of frames (N×H×W), or of one image (H×W or H×W×3)."""
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    colors = pixels.ndim == 3 and pixels.shape[-1] == 3
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = SecondaryCaptureImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.Rows, data.Columns = pixels.shape[:2] if colors else pixels.shape[-2:]
    data.SamplesPerPixel = 3 if colors else 1
    data.PhotometricInterpretation = "RGB" if colors else "MONOCHROME2"
    if colors:
        data.PlanarConfiguration = 0
    if pixels.ndim == 3 and not colors:
        data.NumberOfFrames = len(pixels)
    bits = pixels.dtype.itemsize * 8
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    for tag, value in tags.items():
        setattr(data, tag, value)
    data.save_as(path, enforce_file_format=True)
    return path


def test_frames_are_images_and_the_window_counts(tmp_path):
    path = write(
        tmp_path / "ct.dcm",
        FRAMES,
        RescaleSlope=2,
        RescaleIntercept=-1024,
        WindowCenter=0,
        WindowWidth=2000,
        PixelSpacing=[0.5, 0.5],
    )
    before = path.read_bytes()
    project = Project.open(tmp_path)
    assert [e.name for e in project.images] == ["ct#001.dcm", "ct#002.dcm", "ct#003.dcm"]
    assert [pages.size(e) for e in project.images] == [(8, 6)] * 3
    for i, entry in enumerate(project.images):
        held = pages.read_values(entry)
        assert np.array_equal(held.pixels[..., 0], FRAMES[i].astype(int) * 2 - 1024)
        assert held.limits == ((-1000.0, 999.0),)
        low, high = pages.read(entry)[0, (0, -1), 0]
        assert low == max(0, round((200 * i - 24) * 255 / 1999))
        assert high == min(255, round((1976 + 200 * i) * 255 / 1999))
    assert project.pixel_size == (0.5, "mm")
    project.set_pixel_size((2.0, "µm"))
    assert project.pixel_size == (2.0, "µm")
    assert project.thumbnail(project.images[0], 4).shape == (3, 4, 3)
    project.save_mask(project.images[1], np.ones((6, 8), np.uint8))
    assert Project.open(tmp_path).load_mask(project.images[1]).all()
    assert path.read_bytes() == before


def test_white_as_zero(tmp_path):
    plane = FRAMES[1]
    path = write(tmp_path / "x.dcm", plane, PhotometricInterpretation="MONOCHROME1")
    shown = load_image(path)[..., 0]
    assert shown[0, 0] == 255
    assert shown[0, -1] == 0
    assert np.array_equal(image_values(path).pixels[..., 0], -plane.astype(int))
    window = {"WindowCenter": 600.0, "WindowWidth": 1001.0}
    path = write(tmp_path / "w.dcm", plane, PhotometricInterpretation="MONOCHROME1", **window)
    assert load_image(path)[0, 0, 0] == 255
    assert load_image(path)[0, -1, 0] == 0


def test_colours_and_palettes(tmp_path):
    colors = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    assert np.array_equal(load_image(write(tmp_path / "rgb.dcm", colors)), colors)
    tables = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16) * 257
    tags = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tags[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    ids = colors[..., 0].copy()
    path = write(tmp_path / "palette.dcm", ids, **tags)
    assert np.array_equal(load_image(path), np.moveaxis(tables >> 8, 0, -1)[ids])


def test_eight_bits_obey_a_window_too(tmp_path):
    plane = np.tile(np.arange(0, 256, 32, dtype=np.uint8), (6, 1))
    assert np.array_equal(load_image(write(tmp_path / "a.dcm", plane))[..., 1], plane)
    path = write(tmp_path / "b.dcm", plane, WindowCenter=[64.5, 1], WindowWidth=[65, 1])
    assert load_image(path)[0, :, 0].tolist() == [0, 0, 128, 255, 255, 255, 255, 255]


def test_what_is_no_image_says_so(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES[0])
    data = pydicom.dcmread(path)
    del data.PixelData, data.Rows, data.Columns
    data.save_as(path)
    with pytest.raises(ImageReadError, match="no image"):
        load_image(path)
    (tmp_path / "y.dcm").write_bytes(b"something else")
    with pytest.raises(ImageReadError, match="damaged"):
        image_size(tmp_path / "y.dcm")


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "x.dcm", FRAMES)
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("pydicom"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    project = Project.open(tmp_path)
    assert [e.name for e in project.images] == ["x.dcm"]
    with pytest.raises(ImageReadError, match="pydicom") as raised:
        load_image(path)
    assert "unet-gui[science]" in raised.value.hint


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.113619.2.5.17", "series/IM0001"])
def test_files_without_a_suffix_are_known_by_their_content(tmp_path, name):
    (tmp_path / "series").mkdir()
    write(tmp_path / name, FRAMES[0])
    (tmp_path / "README").write_text("no image, however long" * 20, "utf-8")
    project = Project.open(tmp_path)
    assert [e.name for e in project.images] == [name]
    (entry,) = project.images
    assert entry.mask_path == project.masks_dir / f"{name}.png"
    assert pages.size(entry) == (8, 6)
    project.save_mask(entry, np.ones((6, 8), np.uint8))
    assert (Project.open(tmp_path).load_mask(entry) == 1).all()


def test_a_series_of_numbers_has_a_mask_for_each(tmp_path):
    for i in range(3):
        write(tmp_path / f"1.2.840.{i}", FRAMES if i == 1 else FRAMES[0])
    project = Project.open(tmp_path)
    assert [e.name for e in project.images] == [
        "1.2.840.0", "1.2.840.1#001", "1.2.840.1#002", "1.2.840.1#003", "1.2.840.2",
    ]  # fmt: skip
    masks = [e.mask_path.name for e in project.images]
    assert masks == [f"{e.name}.png" for e in project.images]
    assert not project.notice


def test_other_files_without_a_suffix_are_no_images(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    write(tmp_path / "DICOMDIR", FRAMES[0])
    (tmp_path / "short").write_bytes(b"DICM")
    (tmp_path / "notes.txt").write_bytes(bytes(128) + b"DICM")
    assert [e.name for e in Project.open(tmp_path).images] == ["a.png"]


def test_exported_and_imported_under_a_suffix(tmp_path):
    write(tmp_path / "in" / "IM0001", FRAMES[0]) if (tmp_path / "in").mkdir() is None else None
    project = Project.open(tmp_path / "in")
    project.save_mask(project.images[0], np.ones((6, 8), np.uint8))
    report = drain(export(project, "png", tmp_path / "out", verified=True))
    assert report.train + report.val == ("IM0001",)
    assert not any("renamed" in w for w in report.warnings)


def test_the_doctor_takes_it_for_an_image_with_a_mask(tmp_path):
    (tmp_path / "images").mkdir()
    write(tmp_path / "images" / "IM0001", FRAMES[0])
    project = Project.open(tmp_path)
    project.save_mask(project.images[0], np.ones((6, 8), np.uint8))
    report = drain(examine(tmp_path))
    assert (report.images, report.masks) == (1, 1)
    assert all(f.severity is Severity.NOTE for f in report.findings)
