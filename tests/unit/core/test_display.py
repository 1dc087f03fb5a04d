import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.display import Display


def test_a_neutral_display_changes_nothing():
    assert np.array_equal(Display().lut(), np.tile(np.arange(256), (3, 1)))
    assert Display().neutral


@given(st.floats(0, 250), st.floats(0, 255), st.floats(0.1, 10), st.floats(-1, 1), st.floats(-1, 1))
def test_brighter_values_stay_brighter(black, white, gamma, brightness, contrast):
    display = Display((black,) * 3, (max(white, black),) * 3, (gamma,) * 3, brightness, contrast)
    table = display.lut().astype(int)
    assert (np.diff(table, axis=1) >= 0).all()
    upside_down = Display(
        display.black, display.white, display.gamma, brightness, contrast, invert=True
    )
    assert (np.abs(255 - upside_down.lut().astype(int) - table) <= 1).all()


def test_channels_are_independent():
    table = Display(black=(0, 100, 0), gamma=(1, 1, 2)).lut()
    assert np.array_equal(table[0], np.arange(256))
    assert (table[1, :101] == 0).all()
    assert (table[2] >= np.arange(256)).all()


def test_percentiles_stretch_what_is_there():
    histogram = np.zeros((3, 256), np.int64)
    histogram[0, 50:101] = 10
    histogram[1, 200] = 5
    histogram[2, [0, 255]] = [1, 999]
    display = Display.from_percentiles(histogram, 0, 100)
    assert display.black[0] == 50
    assert display.white[0] == 100
    table = display.lut()
    assert table[0, 100] == 255
    assert display.white[1] > display.black[1]
    together = Display.from_percentiles(histogram, 1, 99, each=False)
    assert len(set(together.black)) == len(set(together.white)) == 1


def test_an_empty_histogram_changes_nothing():
    assert Display.from_percentiles(np.zeros((3, 256), np.int64), 1, 99).neutral
