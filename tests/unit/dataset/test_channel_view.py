"""What of many channels is shown, and that screen, network and files agree about it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from unet_gui.core.geometry import Rect
from unet_gui.dataset import image_source, pages, tiff
from unet_gui.dataset.channel_view import Channel, ChannelView, default_row, render, row_limits
from unet_gui.dataset.channels import to_rgb
from unet_gui.dataset.images import image_values, load_image
from unet_gui.dataset.project import Project

RNG = np.random.default_rng(3)
FOUR = RNG.integers(0, 5000, (4, 40, 60)).astype(np.uint16)

channels = st.builds(
    Channel,
    st.booleans(),
    st.integers(0, 0xFFFFFF).map(lambda v: f"#{v:06x}"),
    st.none() | st.floats(0, 40),
    st.none() | st.floats(60, 100),
    st.booleans(),
)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.bool_])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_usual_row_is_what_is_shown_without_any(dtype, count):
    pixels = RNG.integers(0, 200, (30, 20, count)).astype(dtype)
    assert np.array_equal(render(pixels, default_row(count)), to_rgb(pixels))


@given(st.lists(channels, min_size=1, max_size=4))
def test_json_brings_the_same_view_back(row):
    view = ChannelView({len(row): tuple(row)})
    again = ChannelView.from_json(json.loads(json.dumps(view.to_json())))
    assert again == view
    assert again.digest == view.digest


KEYS = st.sampled_from(["1", "2", "low", "color", "shown"])
NONSENSE = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(NONSENSE)
def test_nonsense_in_a_project_file_is_no_view(data):
    view = ChannelView.from_json(data)
    assert view is None or all(len(row) == count for count, row in view.rows.items())


@given(st.lists(channels, min_size=3, max_size=3))
def test_a_part_looks_like_the_same_part_of_the_whole(row):
    pixels = np.moveaxis(FOUR[:3], 0, -1)
    limits = row_limits(pixels, tuple(row))
    part = render(pixels[5:17, 30:], tuple(row), limits)
    assert np.array_equal(part, render(pixels, tuple(row))[5:17, 30:])


def test_light_is_added_and_does_not_wrap():
    pixels = np.full((1, 1, 3), 200, np.uint8)
    row = (Channel(color="#ff8000"), Channel(color="#ff8000"), Channel(shown=False))
    assert render(pixels, row)[0, 0].tolist() == [255, 200, 0]


def test_limits_of_eight_bits():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    shown = render(pixels, (Channel(low=100, high=200),))[..., 0].ravel()
    assert (shown[:101] == 0).all()
    assert (shown[200:] == 255).all()
    assert shown[150] in {127, 128}


def test_project_keeps_the_view_and_everything_sees_it(tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, FOUR, photometric="minisblack", metadata={"axes": "CYX"})
    before = path.read_bytes()
    Image.fromarray(np.full((5, 5, 3), 9, np.uint8)).save(tmp_path / "y.png")
    project = Project.open(tmp_path)
    entry = project.entry("x.tif")
    plain, small = pages.read(entry), project.thumbnail(entry, 20)
    empty = np.zeros((40, 60), np.uint8)
    project.save_prediction(entry, empty, empty, round_name="r")
    last = (Channel(False), Channel(False), Channel(False), Channel(low=0, high=5000))
    project.set_channels(ChannelView().with_row(4, last))
    expected = np.rint(FOUR[3].astype(np.float32) * (255 / 5000)).astype(np.uint8)
    for entry_now in (entry, Project.open(tmp_path).entry("x.tif")):
        shown = pages.read(entry_now)
        # Halves may be rounded either way.
        assert np.abs(shown.astype(int) - expected[..., np.newaxis]).max() <= 1
        assert np.array_equal(pages.source(entry_now).array, shown)
    assert not np.array_equal(project.thumbnail(entry, 20), small)
    assert project.load_prediction(entry, round_name="r") is None
    assert (pages.read(project.entry("y.png")) == 9).all()
    assert pages.is_whole_file(project.entry("y.png"))
    project.set_channels(None)
    assert "channels" not in json.loads((tmp_path / "project.json").read_text())
    assert np.array_equal(pages.read(entry), plain)
    assert project.load_prediction(entry, round_name="r") is not None
    assert path.read_bytes() == before


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_large_images_are_shown_alike(tmp_path, monkeypatch, planar):
    pixels = RNG.integers(0, 4000, (300, 280, 5)).astype(np.uint16)
    data = pixels if planar == "contig" else np.moveaxis(pixels, -1, 0)
    options = {"photometric": "minisblack", "planarconfig": planar, "tile": (64, 64)}
    tifffile.imwrite(tmp_path / "x.tif", data, **options)
    row = (
        Channel(False), Channel(color="#00ff00", low=100, high=3000), Channel(False),
        Channel(False), Channel(color="#ff00ff", low=2, high=90, percent=True),
    )  # fmt: skip
    view = ChannelView({5: row})
    whole = load_image(tmp_path / "x.tif", None, view)
    monkeypatch.setattr(tiff, "LARGE", 1000)
    source = image_source.open_source(tmp_path / "x.tif", None, view)
    assert not source.resident
    assert np.array_equal(source.read(Rect(0, 0, 280, 300)), whole)
    source.close()
    sample = image_source.image_sample(tmp_path / "x.tif", None, 1 << 20)
    assert sample.pixels.shape == (300 * 280, 1, 5)
    assert np.array_equal(np.sort(sample.pixels[:, 0, 4]), np.sort(pixels[..., 4].ravel()))


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "P"])
def test_values_of_files_that_pillow_reads(tmp_path, mode):
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    if mode == "I;16":
        Image.fromarray(grey.astype(np.uint16) * 1000).save(tmp_path / "x.png")
    else:
        Image.fromarray(grey).convert(mode).save(tmp_path / "x.png")
    held = image_values(tmp_path / "x.png")
    assert held.pixels.shape == (8, 8, 1 if mode in {"L", "I;16"} else 3)
    assert held.pixels[7, 7, 0] == (63000 if mode == "I;16" else 63)
