"""Thumbnails, predictions and counts on disk: quick when there, harmless when broken."""

from __future__ import annotations

import os
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import thumbnails
from unet_gui.dataset.entries import ImageEntry
from unet_gui.dataset.mask_counts import count
from unet_gui.dataset.memory_image import MemoryImage
from unet_gui.dataset.project import Project, Status
from unet_gui.dataset.thumbnails import Held, cached_thumbnail


def entry_of(path):
    return ImageEntry(path.name, path, path.with_suffix(".mask"))


def cache_files(project, kind):
    return [p for p in (project.cache_dir / kind).rglob("*") if p.is_file()]


def test_a_thumbnail_is_made_once(tmp_path, image_folder, monkeypatch):
    first = cached_thumbnail(entry_of(image_folder / "a.png"), 16, tmp_path / "cache")
    monkeypatch.setattr(thumbnails, "small", None)
    again = cached_thumbnail(entry_of(image_folder / "a.png"), 16, tmp_path / "cache")
    assert np.array_equal(first, again)


def test_a_changed_image_gets_a_new_thumbnail(tmp_path, image_folder):
    path = image_folder / "a.png"
    cached_thumbnail(entry_of(path), 16, tmp_path / "cache")
    Image.new("RGB", (48, 32), (255, 0, 0)).save(path)
    os.utime(path, ns=(5, 5))
    assert cached_thumbnail(entry_of(path), 16, tmp_path / "cache")[0, 0].tolist() == [255, 0, 0]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_broken_and_unwritable_caches_are_harmless(tmp_path, image_folder, monkeypatch):
    cache = tmp_path / "cache"
    expected = cached_thumbnail(entry_of(image_folder / "a.png"), 16, cache)
    for file in cache.iterdir():
        file.write_bytes(b"broken")
    assert np.array_equal(cached_thumbnail(entry_of(image_folder / "a.png"), 16, cache), expected)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    assert cached_thumbnail(entry_of(image_folder / "b.jpg"), 16, cache).shape == (11, 16, 3)
    (tmp_path / "file").write_bytes(b"")
    assert cached_thumbnail(entry_of(image_folder / "b.jpg"), 16, tmp_path / "file").shape == (
        11,
        16,
        3,
    )


def test_a_broken_image_is_still_an_error(tmp_path):
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(ImageReadError):
        cached_thumbnail(entry_of(tmp_path / "x.png"), 16, tmp_path / "cache")


@pytest.mark.parametrize("content", [b"", b"PK broken", "half"])
def test_broken_predictions_are_none(tiny_project, content):
    entry = tiny_project.entry("sub/c.png")
    mask = np.random.default_rng(0).integers(0, 3, (32, 48)).astype(np.uint8)
    tiny_project.save_prediction(entry, mask, mask, round_name="starter")
    (file,) = cache_files(tiny_project, "predictions")
    if content == "half":
        content = file.read_bytes()[: file.stat().st_size // 2]
    file.write_bytes(content)
    again = Project.open(tiny_project.root)
    assert again.load_prediction(entry) is None
    assert again.status(entry) is Status.UNTOUCHED


def test_predictions_of_like_named_images_stay_apart(tiny_project):
    Image.new("RGB", (48, 32)).save(tiny_project.images_dir / "b.png")
    tiny_project.refresh()
    for i, name in enumerate(("b.jpg", "b.png")):
        mask = np.full((32, 48), i, np.uint8)
        tiny_project.save_prediction(tiny_project.entry(name), mask, mask, round_name="x")
    for i, name in enumerate(("b.jpg", "b.png")):
        cached = tiny_project.load_prediction(tiny_project.entry(name))
        assert cached is not None
        assert cached.mask[0, 0] == i


def test_broken_counts_are_counted_anew(tiny_project):
    tiny_project.refresh()
    (tiny_project.cache_dir / "mask_counts.json").write_text('{"a": 3}', "utf-8")
    again = Project.open(tiny_project.root)
    assert sum(again.mask_counts(again.entry("a.png")).values()) == 48 * 32


def test_deleting_the_cache_loses_nothing(tiny_project):
    import shutil

    tiny_project.thumbnail(tiny_project.images[0], 8)
    tiny_project.refresh()
    before = tiny_project.load_mask(tiny_project.images[0])
    shutil.rmtree(tiny_project.cache_dir)
    again = Project.open(tiny_project.root)
    assert np.array_equal(again.load_mask(again.images[0]), before)


def test_counting_a_large_mask_needs_little_memory():
    mask = np.full((2048, 4096), 3, np.uint8)
    mask[-1, -1] = 255
    tracemalloc.start()
    counts = count(mask)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts == {3: mask.size - 1, 255: 1}
    assert peak < 2 * mask.size


def test_the_thumbnail_of_an_open_image_is_made_of_its_levels(tmp_path, monkeypatch):
    y, x = np.mgrid[:1200, :700]
    pixels = np.stack([y // 5, x // 3, (x + y) // 8], axis=-1).astype(np.uint8)
    monkeypatch.setattr(thumbnails, "small", None)  # nothing is decoded
    entry = entry_of(tmp_path / "x.png")
    made = cached_thumbnail(entry, 96, tmp_path / "cache", Held(MemoryImage(pixels), entry.view))
    assert made.shape == (96, 56, 3)
    Image.fromarray(pixels).save(tmp_path / "y.png")
    monkeypatch.undo()
    whole = cached_thumbnail(entry_of(tmp_path / "y.png"), 96, tmp_path / "cache")
    assert np.abs(made.astype(int) - whole).mean() < 3


def test_pixels_that_are_shown_in_another_way_by_now_make_no_thumbnail(tmp_path, image_folder):
    entry = entry_of(image_folder / "a.png")
    black = MemoryImage(np.zeros((300, 300, 3), np.uint8))
    made = cached_thumbnail(entry, 16, tmp_path / "cache", Held(black, object()))
    assert made.any()
