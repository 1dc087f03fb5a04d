"""Faults planted in masks: each is found, and each that can be repaired comes out right."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.progress import drain
from unet_gui.dataset.doctor import Severity, examine, repair
from unet_gui.dataset.masks import load_mask

VOC = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]], np.uint8)


def zero_255(zoo):
    for i in range(4):
        zoo.put(np.where(zoo.ids(i, classes=2) > 0, 255, 0).astype(np.uint8), f"n{i}.png")


def spread(zoo):
    for i in range(4):
        zoo.put(np.array([0, 127, 254], np.uint8)[zoo.ids(i)], f"n{i}.png")


def shifted(zoo):
    for i in range(4):
        zoo.put(zoo.ids(i) + 1, f"n{i}.png")


def unknown_id(zoo):
    mask = zoo.ids()
    mask[mask == 2] = 7
    zoo.put(mask)


def rgb(zoo):
    zoo.put(zoo.colored(zoo.ids()))


def rgb_voc(zoo):
    zoo.put(VOC[zoo.ids()])


def rgb_unknown(zoo):
    zoo.put(np.array([[9, 9, 200], [3, 200, 3], [90, 4, 80]], np.uint8)[zoo.ids()])


def rgb_grey(zoo):
    zoo.put(np.repeat(zoo.ids()[..., None], 3, axis=2))


def rgba(zoo):
    zoo.put(zoo.colored(zoo.ids()).convert("RGBA"))


def alpha_grey(zoo):
    zoo.put(Image.merge("LA", [Image.fromarray(zoo.ids()), Image.new("L", (48, 32), 255)]))


def smoothed_colors(zoo):
    large = zoo.colored(zoo.ids()).resize((192, 128), Image.Resampling.NEAREST)
    zoo.picture(0, (192, 128)).save(zoo.image())
    half = large.resize((96, 64), Image.Resampling.BILINEAR)
    zoo.put(half.resize((192, 128), Image.Resampling.BILINEAR))


def smoothed_grey(zoo):
    mask = Image.fromarray(np.where(zoo.ids(classes=2) > 0, 255, 0).astype(np.uint8))
    zoo.picture(0, (192, 128)).save(zoo.image())
    zoo.put(mask.resize((192, 128), Image.Resampling.BILINEAR).resize((192, 128)))


def jpeg_named_png(zoo):
    mask = np.where(zoo.ids(classes=2) > 0, 255, 0).astype(np.uint8)
    zoo.put(mask, format="JPEG", quality=70)


def sixteen_bit(zoo):
    zoo.put(Image.fromarray(zoo.ids().astype(np.uint16)))


def beyond_255(zoo):
    zoo.put(Image.fromarray(zoo.ids().astype(np.uint16) * 500))


def floating(zoo):
    zoo.mask().unlink()
    zoo.put(Image.fromarray(zoo.ids().astype(np.float32)), "n0.tif")


def fractional(zoo):
    zoo.mask().unlink()
    zoo.put(Image.fromarray(zoo.ids().astype(np.float32) * 0.37), "n0.tif")


def one_bit(zoo):
    zoo.put(Image.fromarray(zoo.ids(classes=2) > 0))


def interlaced(zoo):
    # Pillow writes none: the header says so of an image of one pixel, where it makes no odds.
    import struct
    import zlib

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    zoo.picture(0, (1, 1)).save(zoo.image())
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 1)
    zoo.mask().write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\1")) + chunk(b"IEND", b"")
    )  # fmt: skip


def tiff_mask(zoo):
    zoo.mask().unlink()
    zoo.put(zoo.ids(), "n0.tif")


def multi_page(zoo):
    zoo.mask().unlink()
    pages = [Image.fromarray(zoo.ids(i)) for i in range(2)]
    pages[0].save(zoo.mask("n0.tif"), save_all=True, append_images=pages[1:])


def picture_for_mask(zoo):
    zoo.put(zoo.picture(0).convert("L"))


def colored_picture_for_mask(zoo):
    zoo.put(zoo.picture(0))


def all_unlabelled(zoo):
    zoo.put(np.full((32, 48), 255, np.uint8))


def one_value(zoo):
    zoo.put(np.zeros((32, 48), np.uint8))


def all_flat(zoo):
    for i in range(4):
        zoo.put(np.zeros((32, 48), np.uint8), f"n{i}.png")


def palette_order(zoo):
    image = Image.fromarray(2 - zoo.ids())
    image.putpalette([0, 0, 200, 200, 0, 0, 0, 0, 0])
    zoo.put(image)


def palette_colors(zoo):
    image = Image.fromarray(zoo.ids())
    image.putpalette([1, 2, 3, 4, 5, 6, 7, 8, 9])
    zoo.put(image)


def unused_class(zoo):
    for i in range(4):
        zoo.put(np.minimum(zoo.ids(i), 1), f"n{i}.png")


def unturned(zoo):
    exif = Image.Exif()
    exif[0x0112] = 6
    zoo.picture(0).save(zoo.image(), exif=exif)


def half_turned(zoo):
    exif = Image.Exif()
    exif[0x0112] = 3
    zoo.picture(0).save(zoo.image(), exif=exif)


def swapped(zoo):
    zoo.put(np.ascontiguousarray(zoo.ids().T))


def scaled(zoo):
    zoo.put(Image.fromarray(zoo.ids()).resize((24, 16), Image.Resampling.NEAREST))


def other_size(zoo):
    zoo.put(zoo.ids(size=(40, 32)))


def twin(zoo):
    zoo.put(zoo.ids(1))


# fault, code, how grave, repaired by --fix
FAULTS = [
    (zero_255, "mask-0-255", "error", True),
    (spread, "mask-spread", "error", True),
    (shifted, "mask-ids-shifted", "error", True),
    (unknown_id, "mask-id-unknown", "error", False),
    (rgb, "mask-rgb", "error", True),
    (rgb_voc, "mask-rgb", "error", True),
    (rgb_unknown, "mask-rgb-unknown", "error", False),
    (rgb_grey, "mask-grey-rgb", "warning", True),
    (rgba, "mask-alpha", "warning", False),
    (alpha_grey, "mask-alpha", "warning", True),
    (smoothed_colors, "mask-rgb-smoothed", "error", True),
    (smoothed_grey, "mask-smoothed", "error", True),
    (jpeg_named_png, "mask-lossy", "error", True),
    (sixteen_bit, "mask-16-bit", "warning", True),
    (beyond_255, "mask-beyond-255", "error", False),
    (floating, "mask-16-bit", "warning", True),
    (fractional, "mask-fractional", "error", False),
    (one_bit, "mask-few-bits", "note", True),
    (interlaced, "mask-interlaced", "note", True),
    (tiff_mask, "mask-not-png", "warning", True),
    (multi_page, "mask-multi-page", "warning", False),
    (picture_for_mask, "mask-is-a-picture", "error", False),
    (colored_picture_for_mask, "mask-is-a-picture", "error", False),
    (all_unlabelled, "mask-unlabelled", "note", False),
    (one_value, "mask-one-value", "note", False),
    (all_flat, "masks-all-flat", "warning", False),
    (palette_order, "mask-palette-order", "error", True),
    (palette_colors, "mask-palette", "note", True),
    (unused_class, "class-unused", "note", False),
    (unturned, "exif-mask-unturned", "error", True),
    (half_turned, "exif-rotated", "warning", False),
    (swapped, "size-swapped", "error", False),
    (scaled, "size-scaled", "error", True),
    (other_size, "size-differs", "error", False),
    (twin, "mask-twin", "note", False),
]
TWO_CLASSES = {zero_255, smoothed_grey, jpeg_named_png, one_bit}


def named(value):
    return value.__name__ if callable(value) else None


@pytest.fixture
def planted(zoo):
    def plant(fault):
        folder = zoo(classes=2 if fault in TWO_CLASSES else 3)
        fault(folder)
        return folder

    return plant


@pytest.mark.parametrize(("fault", "code", "severity", "fixable"), FAULTS, ids=named)
def test_each_fault_is_found(planted, fault, code, severity, fixable):
    found = [f for f in planted(fault).examine().findings if f.code == code]
    assert found
    assert {f.severity for f in found} == {Severity(severity)}
    if not (fault is multi_page or not fixable):
        assert any(f.fixable for f in found)
    assert all(f.message.endswith((".", "?")) for f in found)


@pytest.mark.parametrize("fault", [f for f, *_ in FAULTS if f is not multi_page], ids=named)
def test_a_fault_is_not_taken_for_a_graver_one(planted, fault):
    expected = {c: s for f, c, s, _ in FAULTS if f is fault}
    worst = {f.code for f in planted(fault).examine().findings if f.severity is Severity.ERROR}
    grave = {c for c, s in expected.items() if s == "error"}
    assert worst == grave | ({"mask-rgb"} if fault is rgba else set())


@pytest.mark.parametrize(
    ("fault", "code"), [(f, c) for f, c, _, fixable in FAULTS if fixable], ids=named
)
def test_what_can_be_repaired_is_gone_from_the_copy(planted, tmp_path, fault, code):
    folder = planted(fault)
    before = folder.content()
    repaired = drain(repair(folder.examine(), tmp_path / "fixed"))
    assert repaired.problems == []
    after = drain(examine(repaired.out))
    assert code not in after.codes
    assert after.errors == 0
    assert folder.content() == before, "the folder itself was touched"


@pytest.mark.parametrize(
    "fault",
    [spread, shifted, rgb, rgb_voc, rgb_grey, rgba, alpha_grey, sixteen_bit, floating, tiff_mask,
     palette_order, palette_colors, zero_255, one_bit],
    ids=named,
)  # fmt: skip
def test_repaired_ids_are_those_that_were_meant(planted, tmp_path, fault):
    folder = planted(fault)
    drain(repair(folder.examine(), tmp_path / "fixed"))
    meant = folder.ids(classes=len(folder.classes))
    np.testing.assert_array_equal(load_mask(tmp_path / "fixed" / "masks" / "n0.png"), meant)


@pytest.mark.parametrize("fault", [smoothed_colors, smoothed_grey], ids=named)
def test_smoothed_borders_go_to_the_nearest_class(planted, tmp_path, fault):
    folder = planted(fault)
    drain(repair(folder.examine(), tmp_path / "fixed"))
    mask = load_mask(tmp_path / "fixed" / "masks" / "n0.png")
    small = Image.fromarray(folder.ids(classes=len(folder.classes)))
    meant = np.asarray(small.resize((192, 128), Image.Resampling.NEAREST))
    assert (mask == meant).mean() > 0.96
    assert set(np.unique(mask)) == set(np.unique(meant))


def test_a_turned_mask_fits_its_upright_image(planted, tmp_path):
    folder = planted(unturned)
    drain(repair(folder.examine(), tmp_path / "fixed"))
    mask = load_mask(tmp_path / "fixed" / "masks" / "n0.png")
    np.testing.assert_array_equal(mask, np.rot90(folder.ids(), -1))


def test_half_labelled_masks_of_this_program_are_no_black_and_white_pictures(zoo):
    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.masks import save_mask

    folder = zoo(classes=2)
    mask = np.where(folder.ids(classes=2) > 0, 255, 0).astype(np.uint8)
    save_mask(folder.mask(), mask, ClassTable.from_names(["background", "cell"]), owner="n0.png")
    assert folder.examine().errors == 0


def test_0_255_among_masks_of_many_classes_is_left_to_the_person(zoo):
    folder = zoo()
    folder.put(np.where(folder.ids() > 0, 255, 0).astype(np.uint8))
    (found,) = [f for f in folder.examine().findings if f.code == "mask-0-255"]
    assert found.severity is Severity.WARNING
    assert not found.fixable
