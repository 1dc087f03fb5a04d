import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.regions.cell_colors import CellColors

SIZE = 10


def squares(colors):
    """One row of squares of these colours, named from 40 on."""
    image = np.repeat(np.repeat(np.array([colors], np.uint8), SIZE, 0), SIZE, 1)
    names = np.repeat(40 + np.arange(len(colors))[None], SIZE, 0).repeat(SIZE, 1)
    return image, names.astype(np.int64)


def middle(number):
    return number * SIZE + SIZE // 2, SIZE // 2


def test_things_of_one_kind_are_alike_and_what_lies_around_is_not():
    ground, thing = (90, 70, 50), (60, 150, 60)
    image, names = squares([ground, ground, thing, ground, (70, 140, 65), ground])
    found = CellColors(image, names).unlikeness(*middle(2))
    at = [float(found[middle(n)[::-1]]) for n in range(6)]
    assert at[2] == 0
    assert at[4] < 0.3
    assert min(at[0], at[1], at[3], at[5]) > 0.9


def test_brighter_than_the_first_is_still_alike():
    image, names = squares([(5, 5, 5)] * 5 + [(60, 60, 60), (200, 200, 200)])
    colors = CellColors(image, names)
    assert colors.unlikeness(*middle(5))[middle(6)[::-1]] < 0.01
    assert colors.unlikeness(*middle(6))[middle(5)[::-1]] > 0.4


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=8), st.data())
def test_shares_are_shares_and_the_cell_itself_is_like_itself(colors, data):
    image, names = squares(colors)
    number = data.draw(st.integers(0, len(colors) - 1))
    found = CellColors(image, names)
    share = found.unlikeness(*middle(number))
    assert share.shape == names.shape
    assert share.min() >= 0
    assert share.max() <= 1
    assert (share[names == 40 + number] == 0).all()
    assert found.cell(*middle(number)) == number
