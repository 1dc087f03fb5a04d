"""Finding images: natural order, subfolders, and nothing that is ours."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath

import pytest

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.discovery import OUTPUT_MARKER, find_images, has_images, natural_key


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder, **options):
    return [str(p) for p in find_images(folder, **options)]


def test_natural_order_and_subfolders(tmp_path):
    touch(tmp_path, "b10.png", "b2.PNG", "a/x 1.tif", "Z.jpeg", "a/x 01.tif", "10.png", "9.png")
    assert names(tmp_path) == [
        "9.png", "10.png", "a/x 01.tif", "a/x 1.tif", "b2.PNG", "b10.png", "Z.jpeg",
    ]  # fmt: skip
    assert isinstance(find_images(tmp_path)[0], PurePosixPath)


def test_other_files_hidden_ones_and_our_own_are_left_out(tmp_path):
    touch(
        tmp_path, "a.png", "notes.txt", ".hidden.png", ".git/b.png", "masks/a.png", "noext",
        ".unet_gui/thumbnails/a.png", "deep/masks/kept.png", "export/JPEGImages/a.jpg",
        f"export/{OUTPUT_MARKER}",
    )  # fmt: skip
    assert names(tmp_path) == ["a.png", "deep/masks/kept.png"]


def test_projects_inside_show_their_images_but_not_their_masks(tmp_path):
    touch(
        tmp_path, "a.png", "leaf/b.png", "leaf/masks/b.png", "leaf/models/x/curve.png",
        "voc/JPEGImages/c.jpg", "voc/SegmentationClass/c.png", "odd/project.json",
        "odd/masks/d.png",
    )  # fmt: skip
    (tmp_path / "leaf" / "project.json").write_text('{"images": "."}', "utf-8")
    (tmp_path / "voc" / "project.json").write_text('{"masks": "SegmentationClass"}', "utf-8")
    assert names(tmp_path) == ["a.png", "leaf/b.png", "voc/JPEGImages/c.jpg"]


def test_excluded_folders(tmp_path):
    touch(tmp_path, "a.png", "models/curve.png", "sub/b.png")
    assert names(tmp_path, exclude=[tmp_path / "models"]) == ["a.png", "sub/b.png"]


def test_links_are_followed_once(tmp_path):
    touch(tmp_path / "real", "a.png", "sub/b.png")
    (tmp_path / "in").mkdir()
    try:
        (tmp_path / "in" / "linked").symlink_to(tmp_path / "real", target_is_directory=True)
        (tmp_path / "real" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
        (tmp_path / "in" / "file.png").symlink_to(tmp_path / "real" / "a.png")
        (tmp_path / "in" / "broken.png").symlink_to(tmp_path / "nowhere.png")
    except OSError:
        pytest.skip("no symbolic links here")
    assert names(tmp_path / "in") == ["file.png", "linked/a.png", "linked/sub/b.png"]


def test_missing_folder(tmp_path):
    with pytest.raises(ImageReadError, match="no folder"):
        find_images(tmp_path / "gone")


def test_unreadable_folder(tmp_path, monkeypatch):
    def deny(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(ImageReadError, match="cannot be read"):
        find_images(tmp_path)


def test_order_is_total():
    given = ["a1", "a01", "A1", "a", "1a", "a/b", "", "ä", "a１"]
    backwards = given[::-1]
    assert sorted(given, key=natural_key) == sorted(backwards, key=natural_key)


def test_natural_order_is_that_of_the_parts():
    """As if names were compared folder by folder, and these as words and numbers in turn."""
    rising = [
        "1/z.png", "2.png", "2/a.png", "02/b.png", "10.png", "a/1.png", "a/2.png", "a/x.png",
        "a b/1.png", "a1/9.png", "a1b.png", "a10/1.png", "b.png", "b1.png",
    ]  # fmt: skip

    def parts(name):
        chunks = [re.findall(r"\d+|\D+", p.casefold()) for p in name.split("/")]
        key = [[(0, int(c), "") if c.isdecimal() else (1, 0, c) for c in p] for p in chunks]
        return key, name

    assert sorted(rising, key=natural_key) == sorted(rising, key=parts)


def test_a_folder_with_images_is_told_without_listing_all(tmp_path):
    assert not has_images(tmp_path)
    touch(tmp_path, "masks/a.png", "models/b.png", "notes.txt")
    assert not has_images(tmp_path, exclude=[tmp_path / "models"])
    touch(tmp_path, "deep/er/c.png")
    assert has_images(tmp_path)
