"""Faults planted in names, files, lists and project.json: each is found."""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.progress import drain
from unet_gui.dataset.doctor import Severity, examine, repair

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="not possible on Windows")
not_root = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="an administrator may read everything"
)


def wrong_extension(zoo):
    zoo.image().rename(zoo.image("n0.jpg"))


def no_extension(zoo):
    zoo.image().rename(zoo.image("n0"))
    zoo.mask().unlink()


def no_mask(zoo):
    zoo.mask().unlink()


def no_image(zoo):
    zoo.image().unlink()


def two_masks(zoo):
    zoo.put(zoo.ids(), "n0_mask.png")


def suffix(zoo):
    zoo.mask().rename(zoo.mask("n0_label.png"))


def mask_case(zoo):
    zoo.mask().rename(zoo.mask("N0.png"))


def same_stem(zoo):
    zoo.picture(9).save(zoo.image("n0.tif"))


def case_clash(zoo):
    zoo.picture(9).save(zoo.image("N0.png"))
    zoo.put(zoo.ids(2), "N0.png")


def empty_image(zoo):
    zoo.image().write_bytes(b"")


def empty_mask(zoo):
    zoo.mask().write_bytes(b"")


def truncated_png(zoo):
    data = zoo.image().read_bytes()
    zoo.image().write_bytes(data[: len(data) // 2])


def corrupt_png(zoo):
    data = bytearray(zoo.image().read_bytes())
    data[len(data) // 2] ^= 0xFF
    zoo.image().write_bytes(bytes(data))


def truncated_jpeg(zoo):
    zoo.image().unlink()
    zoo.picture(0, (480, 320)).resize((48, 32)).save(zoo.image("n0.jpg"))
    data = zoo.image("n0.jpg").read_bytes()
    zoo.image("n0.jpg").write_bytes(data[: len(data) * 2 // 3])


def truncated_tiff(zoo):
    # The directory first, as some programs write it, so that only pixels are missing.
    import tifffile

    zoo.image().unlink()
    tifffile.imwrite(zoo.image("n0.tif"), np.asarray(zoo.picture(0)))
    data = zoo.image("n0.tif").read_bytes()
    zoo.image("n0.tif").write_bytes(data[:-900])


def truncated_mask(zoo):
    zoo.put(np.asarray(zoo.picture(0).convert("L")))
    data = zoo.mask().read_bytes()
    zoo.mask().write_bytes(data[: len(data) // 2])


def text_for_image(zoo):
    zoo.image().write_text("this is no image", "utf-8")


def zero_size(zoo):
    data = bytearray(zoo.image().read_bytes())
    data[16:20] = bytes(4)
    zoo.image().write_bytes(bytes(data))


def animation(zoo):
    zoo.image().unlink()
    frames = [zoo.picture(i).convert("P") for i in range(3)]
    frames[0].save(zoo.image("n0.gif"), save_all=True, append_images=frames[1:])


def too_large(zoo):
    zoo.image().unlink()
    zoo.image("n0.ppm").write_bytes(b"P6 90000 90000 255\n" + b"0" * 100)


def printers_inks(zoo):
    zoo.image().unlink()
    zoo.picture(0).convert("CMYK").save(zoo.image("n0.tif"))


def transparency(zoo):
    zoo.picture(0).convert("RGBA").save(zoo.image())


def tiny(zoo):
    zoo.picture(0, (5, 5)).save(zoo.image())
    zoo.put(np.arange(25, dtype=np.uint8).reshape(5, 5) % 3)


def copied(zoo):
    shutil.copy(zoo.image("n1.png"), zoo.image("n4.png"))
    shutil.copy(zoo.mask("n1.png"), zoo.mask("n4.png"))


def copied_and_labelled_differently(zoo):
    shutil.copy(zoo.image("n1.png"), zoo.image())


def leak_by_folder(zoo):
    for part in ("train", "val"):
        for folder in (zoo.images, zoo.masks):
            (folder / part).mkdir()
            shutil.copy(folder / "n1.png", folder / part / "x.png")


def leak_by_list(zoo):
    shutil.copy(zoo.image("n1.png"), zoo.image("n4.png"))
    shutil.copy(zoo.mask("n1.png"), zoo.mask("n4.png"))
    (zoo.root / "train.txt").write_text("n0\nn1\n", "utf-8")
    (zoo.root / "val.txt").write_text("n2\nn3\nn4\n", "utf-8")


def overlap(zoo):
    (zoo.root / "train.txt").write_text("n0\nn1\nn2\n", "utf-8")
    (zoo.root / "val.txt").write_text("n2\nn3\n", "utf-8")


def missing_in_list(zoo):
    (zoo.root / "train.txt").write_text("n0\nn1\nn2\nn3\ngone\n", "utf-8")


def doubled_in_list(zoo):
    (zoo.root / "train.txt").write_text("n0\nn1\nn2\nn3\nn3\n", "utf-8")


def not_in_list(zoo):
    (zoo.root / "train.txt").write_text("n0\nn1\nn2\n", "utf-8")


def space_in_listed_name(zoo):
    zoo.picture(7).save(zoo.image("n 5.png"))
    zoo.put(zoo.ids(3), "n 5.png")
    (zoo.root / "train.txt").write_text("n0\nn1\nn2\nn3\n", "utf-8")


def system_file(zoo):
    (zoo.images / "Thumbs.db").write_bytes(b"x")


def resource_fork(zoo):
    (zoo.images / "._n0.png").write_bytes(b"x")


def broken_link(zoo):
    zoo.image("n9.png").symlink_to(zoo.root / "nowhere.png")


def unknown_kind(zoo):
    (zoo.images / "n5.heic").write_bytes(b"x")


def long_name(zoo):
    zoo.image().rename(zoo.image("é" * 110 + ".png"))


def forbidden_name(zoo):
    zoo.image().rename(zoo.image("a:b.png"))


def garbled_name(zoo):
    name = os.fsdecode(b"caf\xe9.png")
    zoo.image().rename(zoo.image(name))
    zoo.mask().rename(zoo.mask(name))


def locked_image(zoo):
    zoo.image().chmod(0)


def odd_mask_folder(zoo):
    zoo.masks.rename(zoo.root / "labels")


def empty_folder(zoo):
    shutil.rmtree(zoo.images)
    shutil.rmtree(zoo.masks)


def export_inside(zoo):
    (zoo.root / "export").mkdir()
    (zoo.root / "export" / ".unet_gui_output.json").write_text("{}", "utf-8")


def damaged_project(zoo):
    (zoo.root / "project.json").write_text('{"classes": [', "utf-8")


def project_is_a_list(zoo):
    (zoo.root / "project.json").write_text("[]", "utf-8")


def doubled_id(zoo):
    zoo.project(classes=[*zoo.classes, {"id": 2, "name": "other", "color": "#ffffff"}])


def doubled_name(zoo):
    zoo.project(classes=[*zoo.classes, {"id": 3, "name": "Cell", "color": "#ffffff"}])


def doubled_color(zoo):
    zoo.project(classes=[*zoo.classes, {"id": 3, "name": "other", "color": "#c80000"}])


def impossible_id(zoo):
    zoo.project(classes=[*zoo.classes, {"id": 300, "name": "other", "color": "#ffffff"}])


def nameless_class(zoo):
    zoo.project(classes=[*zoo.classes, {"id": 3, "name": " ", "color": "#ffffff"}])


def no_classes(zoo):
    zoo.project(classes=[])


def done_but_gone(zoo):
    zoo.project(done=["n0.png", "gone.png"])


def images_elsewhere(zoo):
    zoo.project(images="pictures")


def retired_id(zoo):
    zoo.project(classes=zoo.classes[:2], retired=[2])


# fault, code, how grave, repaired by --fix
FAULTS = [
    (wrong_extension, "wrong-extension", "warning", True),
    (no_extension, "no-extension", "warning", True),
    (no_mask, "image-without-mask", "warning", False),
    (no_image, "mask-without-image", "warning", False),
    (two_masks, "mask-doubled", "error", False),
    (suffix, "mask-suffix", "warning", True),
    (same_stem, "stem-doubled", "warning", False),
    (empty_image, "image-empty", "error", True),
    (empty_mask, "mask-empty", "error", True),
    (truncated_png, "image-truncated", "error", False),
    (corrupt_png, "image-truncated", "error", False),
    (truncated_jpeg, "image-truncated", "error", False),
    (truncated_tiff, "image-truncated", "error", False),
    (truncated_mask, "mask-truncated", "error", False),
    (text_for_image, "image-not-an-image", "error", False),
    (zero_size, "image-zero-size", "error", False),
    (animation, "image-multi-page", "note", False),
    (too_large, "image-too-large", "error", False),
    (printers_inks, "image-cmyk", "note", False),
    (transparency, "image-alpha", "note", False),
    (tiny, "image-tiny", "note", False),
    (copied, "image-copy", "warning", False),
    (copied_and_labelled_differently, "copy-labelled-differently", "error", False),
    (leak_by_folder, "split-leak", "error", False),
    (leak_by_list, "split-leak", "error", False),
    (overlap, "split-overlap", "error", False),
    (missing_in_list, "list-image-missing", "error", True),
    (doubled_in_list, "list-line-doubled", "warning", False),
    (not_in_list, "list-incomplete", "note", False),
    (space_in_listed_name, "name-with-space", "warning", False),
    (system_file, "system-file", "note", True),
    (resource_fork, "system-file", "note", True),
    (unknown_kind, "unknown-kind", "note", False),
    (odd_mask_folder, "mask-folder", "note", False),
    (empty_folder, "no-images", "error", False),
    (export_inside, "export-inside", "note", False),
    (damaged_project, "project-damaged", "error", False),
    (project_is_a_list, "project-damaged", "error", False),
    (doubled_id, "class-id-doubled", "error", False),
    (doubled_name, "class-name-doubled", "error", False),
    (doubled_color, "class-color-doubled", "warning", True),
    (impossible_id, "class-id-range", "error", False),
    (nameless_class, "class-without-name", "error", False),
    (no_classes, "no-classes", "warning", False),
    (done_but_gone, "done-missing", "note", True),
    (images_elsewhere, "images-folder-missing", "error", False),
    (retired_id, "mask-id-retired", "warning", False),
    pytest.param(mask_case, "mask-case", "warning", True, marks=needs_posix),
    pytest.param(case_clash, "case-clash", "warning", True, marks=needs_posix),
    pytest.param(broken_link, "broken-link", "error", True, marks=needs_posix),
    pytest.param(long_name, "name-long", "warning", False, marks=needs_posix),
    pytest.param(forbidden_name, "name-forbidden", "note", False, marks=needs_posix),
    pytest.param(garbled_name, "name-not-utf8", "warning", True, marks=needs_posix),
    pytest.param(locked_image, "unreadable", "error", False, marks=[needs_posix, not_root]),
]


def named(value):
    return value.__name__ if callable(value) else None


@pytest.mark.parametrize(("fault", "code", "severity", "fixable"), FAULTS, ids=named)
def test_each_fault_is_found(zoo, tmp_path, fault, code, severity, fixable):
    folder = zoo()
    fault(folder)
    report = folder.examine()
    found = [f for f in report.findings if f.code == code]
    assert found
    assert {f.severity for f in found} == {Severity(severity)}
    assert any(f.fixable for f in found) == fixable
    if not fixable:
        return
    before = folder.content()
    repaired = drain(repair(report, tmp_path / "fixed"))
    assert repaired.problems == []
    assert code not in drain(examine(repaired.out)).codes
    assert folder.content() == before


def test_a_folder_that_is_well_has_no_finding(zoo):
    report = zoo().examine()
    assert report.findings == []
    assert (report.images, report.masks) == (4, 4)


def test_a_case_clash_takes_the_masks_along(zoo, tmp_path):
    folder = zoo()
    case_clash(folder)
    drain(repair(folder.examine(), tmp_path / "fixed"))
    images = {p.name for p in (tmp_path / "fixed" / "images").iterdir()}
    assert images == {p.name for p in (tmp_path / "fixed" / "masks").iterdir()}
    assert len({n.casefold() for n in images}) == 5


def test_images_without_masks_are_ordinary_in_a_project(zoo):
    folder = zoo()
    folder.project()
    for name in ("n0.png", "n1.png"):
        folder.mask(name).unlink()
    (found,) = [f for f in folder.examine().findings if f.code == "image-without-mask"]
    assert found.severity is Severity.NOTE
    assert found.file == ""
    assert found.message.startswith("2 of ")


def test_image_modes_are_not_faults(zoo):
    folder = zoo()
    Image.fromarray(np.arange(48 * 32, dtype=np.uint16).reshape(32, 48)).save(folder.image())
    folder.picture(1).convert("L").save(folder.image("n1.png"))
    assert folder.examine().findings == []
