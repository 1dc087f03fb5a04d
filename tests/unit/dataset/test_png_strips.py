"""A huge PNG made small strip by strip looks like the whole one made small."""

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset import png_strips
from unet_gui.dataset.images import thumbnail
from unet_gui.dataset.png_strips import shrunk


@pytest.fixture(autouse=True)
def everything_is_huge(monkeypatch):
    monkeypatch.setattr(png_strips, "WORTH_IT", 1)
    monkeypatch.setattr(png_strips, "_STRIP", 4000)
    monkeypatch.setattr(png_strips, "_PIECE", 300)


def picture(height, width, channels=3):
    """Smooth in parts and noisy in others, so that rows are filtered in every way there is."""
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([x + y, 2 * x, x * y // 50], axis=-1)[..., :channels]
    noise = np.random.default_rng(0).integers(0, 255, smooth.shape)
    return np.where((y // 20 % 3 == 0)[..., None], noise, smooth % 256).astype(np.uint8)


def means(pixels, by):
    height, width = (s // by * by for s in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(height // by, by, width // by, by, -1)
    return blocks.astype(np.int64).sum((1, 3)) // (by * by)


def of_file(path, enough):
    with Image.open(path) as image:
        return shrunk(path, image, enough)


@pytest.mark.parametrize(("height", "width"), [(123, 217), (300, 90), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_mean_of_squares(tmp_path, height, width, channels):
    pixels = picture(height, width, channels)
    Image.fromarray(pixels.squeeze()).save(tmp_path / "x.png")
    small = of_file(tmp_path / "x.png", 20)
    by = max(height, width) // 20
    assert small.shape == (height // by, width // by, 3)
    assert max(small.shape) >= 20
    expected = means(pixels, by)
    assert np.array_equal(small, np.broadcast_to(expected, small.shape))


def test_a_thumbnail_is_much_like_the_one_of_the_whole_image(tmp_path):
    y, x = np.mgrid[:400, :700]
    pixels = np.stack([y // 2, x // 3, (x + y) // 5], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    small = thumbnail(tmp_path / "x.png", 32)
    with Image.open(tmp_path / "x.png") as image:
        image.thumbnail((32, 32), Image.Resampling.BOX)
        expected = np.asarray(image)
    assert small.shape == expected.shape
    assert np.abs(small.astype(int) - expected).mean() < 3


def test_a_picture_lying_on_its_side_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture(300, 500)).save(tmp_path / "x.png", exif=exif)
    assert thumbnail(tmp_path / "x.png", 50).shape == (50, 30, 3)


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "1"])
def test_others_are_left_to_pillow(tmp_path, mode):
    Image.fromarray(picture(200, 200)).convert(mode).save(tmp_path / "x.png")
    assert of_file(tmp_path / "x.png", 20) is None
    assert thumbnail(tmp_path / "x.png", 20).shape == (20, 20, 3)


def test_what_is_no_png_or_not_much_larger_is_left_alone(tmp_path):
    Image.fromarray(picture(200, 200)).save(tmp_path / "x.jpg")
    Image.fromarray(picture(30, 30)).save(tmp_path / "x.png")
    assert of_file(tmp_path / "x.jpg", 20) is None
    assert of_file(tmp_path / "x.png", 20) is None


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_file_cut_short_is_left_to_pillow(tmp_path, kept):
    Image.fromarray(picture(300, 300)).save(tmp_path / "x.png")
    data = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(data[: int(kept * len(data))])
    assert of_file(tmp_path / "x.png", 20) is None or kept == 0.99
    if kept < 0.9:
        with pytest.raises(ImageReadError):
            thumbnail(tmp_path / "x.png", 20)
