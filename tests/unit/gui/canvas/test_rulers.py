"""Round steps for ticks and scale bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.gui.canvas.rulers import format_tick, nice_step


@pytest.mark.parametrize(
    ("least", "step"), [(1, 1), (1.2, 2), (3, 5), (7, 10), (0.03, 0.05), (640, 1000), (0.2, 0.2)]
)
def test_steps_are_round(least, step):
    assert nice_step(least) == pytest.approx(step)


@given(least=st.floats(1e-6, 1e9))
def test_a_step_is_long_enough_and_not_much_longer(least):
    assert least * (1 - 1e-6) <= nice_step(least) <= 2.5 * least * (1 + 1e-6)


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(20, 10, "20"), (0.5, 0.5, "0.5"), (0.25, 0.05, "0.25"), (-3, 1, "-3"), (2e-6, 1e-6, "2e-06")],
)
def test_labels_have_the_decimals_that_their_step_needs(value, step, text):
    assert format_tick(value, step) == text
