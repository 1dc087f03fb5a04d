"""Files that are already what is wanted are taken over as they are, and only those."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from unet_gui.core.errors import ImageReadError
from unet_gui.core.progress import drain
from unet_gui.dataset.formats import Card, export
from unet_gui.dataset.formats.verbatim import plain_shape, verbatim
from unet_gui.dataset.images import image_size
from unet_gui.dataset.mask_png import repainted
from unet_gui.dataset.project import Project


def encoded(image, kind, **words):
    buffer = io.BytesIO()
    image.save(buffer, kind, **words)
    return buffer.getvalue()


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    mode=st.sampled_from(["L", "RGB"]),
    kind=st.sampled_from([("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True})]),
)
def test_the_size_is_that_of_pillow(size, mode, kind):
    name, words = kind
    assert plain_shape(encoded(Image.new(mode, size), name, **words), name) == size[::-1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_turned_images_are_not_taken_over(tmp_path, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "image"
    Image.new("RGB", (4, 2)).save(path, kind, exif=exif)
    assert plain_shape(path.read_bytes(), kind) is None
    assert (verbatim(path, kind) is not None) == (orientation == 1)
    assert image_size(path) == ((4, 2) if orientation == 1 else (2, 4))


def test_what_is_not_plain_is_not_taken_for_it():
    plain = encoded(Image.new("RGB", (4, 2)), "JPEG")
    assert plain_shape(encoded(Image.new("CMYK", (4, 2)), "JPEG"), "JPEG") is None
    assert plain_shape(plain, "PNG") is None
    assert plain_shape(plain[:30], "JPEG") is None
    assert plain_shape(b"\xff\xd8" + b"\xff" * 40, "JPEG") is None
    png = encoded(Image.new("RGB", (4, 2)), "PNG")
    assert plain_shape(png[:-12], "PNG") is None
    note = PngInfo()
    note.add_itxt("XML:com.adobe.xmp", "<x/>")
    assert plain_shape(encoded(Image.new("RGB", (4, 2)), "PNG", pnginfo=note), "PNG") is None


@pytest.mark.parametrize(("key", "name"), [("png", "a.png"), ("voc", "b.jpg")])
def test_images_cut_short_are_told_not_copied(tiny_project, tmp_path, key, name):
    path = tiny_project.entry(name).path
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImageReadError, match=name):
        drain(export(tiny_project, key, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_large_files_are_copied_too(tiny_project, tmp_path, monkeypatch):
    monkeypatch.setattr("unet_gui.dataset.formats.verbatim._IN_MEMORY", 8)
    monkeypatch.setattr("unet_gui.dataset.formats.work._IN_MEMORY", 8)
    drain(export(tiny_project, "png", tmp_path / "out", card=Card(), verified=True))
    copied = (tmp_path / "out" / "images" / "a.png").read_bytes()
    assert copied == tiny_project.entry("a.png").path.read_bytes()
    check_sums(tmp_path / "out")


def test_masks_of_other_programs_come_in_our_colours(tiny_project, tmp_path):
    entry = tiny_project.entry("a.png")
    mask = tiny_project.load_mask(entry)
    note = PngInfo()
    note.add_text("patient", "Jane Doe")
    foreign = Image.fromarray(mask)
    foreign.putpalette(list(range(256)) * 3)
    foreign.save(entry.mask_path, pnginfo=note)
    report = drain(export(tiny_project, "png", tmp_path / "out", verified=True))
    written = tmp_path / "out" / "masks" / "a.png"
    with Image.open(written) as image:
        assert image.getpalette()[:3] == list(tiny_project.classes[0].rgb)
        assert np.array_equal(np.asarray(image), mask)
    assert b"Jane Doe" not in written.read_bytes()
    assert sum(report.pixels.values()) == 2 * mask.size


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_only_palette_masks_keep_their_pixels_packed(mode):
    image = Image.new(mode, (4, 2))
    if mode == "P":
        image.putpalette([c for i in range(256) for c in (i, i, i)])
        image.putpixel((1, 1), 255)
    data = encoded(image, "PNG")
    palette = bytes(768)
    assert (repainted(data, (2, 4), palette) is not None) == (mode == "P")
    assert repainted(data, (4, 2), palette) is None
    assert repainted(data[:-20], (2, 4), palette) is None
    spoilt = bytearray(data)
    spoilt[data.index(b"IDAT") + 6] ^= 1
    assert repainted(bytes(spoilt), (2, 4), palette) is None


@pytest.mark.parametrize("key", ["png", "coco", "cvat", "tiff"])
def test_a_resumed_export_is_the_same_to_the_byte(tiny_project, tmp_path, key):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    words = {"entries": tiny_project.images, "card": Card(), "resume": True}
    drain(export(tiny_project, key, whole, **words))
    for steps in range(2, 5):
        job = export(tiny_project, key, parts, **words)
        for _ in range(steps):
            next(job)
        job.close()
        assert all(p.name.startswith(".") for p in parts.iterdir())
    again = Project.open(tiny_project.root)  # another day
    drain(export(again, key, parts, **{**words, "entries": again.images}))
    names = {p.relative_to(whole) for p in whole.rglob("*") if p.is_file()}
    assert names == {p.relative_to(parts) for p in parts.rglob("*") if p.is_file()}
    for name in names:
        assert (parts / name).read_bytes() == (whole / name).read_bytes(), name
    check_sums(parts)


def check_sums(folder):
    listed = (folder / "sha256sums.txt").read_text("utf-8").splitlines()
    assert len(listed) > 3
    for line in listed:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
