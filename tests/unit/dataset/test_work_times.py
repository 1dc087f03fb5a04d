"""Time spent on images: what counts, what does not, and what is left."""

import pytest

from unet_gui.dataset.work_times import WorkTimes, seconds_left


@pytest.fixture
def times(tmp_path):
    return WorkTimes(tmp_path / "c" / "times.json")


def test_time_between_signs_counts_and_idleness_does_not(times):
    for now in (100, 110, 130):
        times.sign("a", now)
    times.sign("a", 130 + 61)
    times.sign("a", 130 + 61 + 60)
    assert times.seconds == {"a": 90}


def test_another_image_begins_anew(times):
    times.sign("a", 0)
    times.sign("b", 10)
    times.sign("a", 15)
    times.sign("a", 18)
    assert times.seconds == {"a": 3}
    times.pause()
    times.sign("a", 20)
    assert times.seconds == {"a": 3}


def test_a_clock_that_goes_back_counts_nothing(times):
    times.sign("a", 10)
    times.sign("a", 5)
    assert times.seconds == {}


def test_times_are_kept(times, tmp_path):
    assert times.save()
    assert not (tmp_path / "c").exists()
    times.sign("ä/1.png", 0)
    times.sign("ä/1.png", 12.34)
    assert times.save()
    again = WorkTimes(tmp_path / "c" / "times.json")
    assert again.seconds == {"ä/1.png": 12.3}
    again.sign("ä/1.png", 500)
    again.sign("ä/1.png", 510)
    assert again.seconds == {"ä/1.png": 22.3}


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"seconds": 3}', '{"seconds": {"a": "x"}}', "\x00"]
)
def test_a_damaged_file_is_begun_anew(tmp_path, content):
    path = tmp_path / "times.json"
    path.write_text(content)
    times = WorkTimes(path)
    assert times.seconds == {}
    times.sign("a", 0)
    times.sign("a", 1)
    assert times.save()


def test_nonsense_values_are_dropped(tmp_path):
    path = tmp_path / "times.json"
    path.write_text('{"seconds": {"a": -3, "b": Infinity, "c": 4, "d": NaN}}')
    assert WorkTimes(path).seconds == {"c": 4}


def test_where_it_cannot_be_written_no_harm_is_done(tmp_path):
    (tmp_path / "file").write_text("")
    times = WorkTimes(tmp_path / "file" / "times.json")
    times.sign("a", 0)
    times.sign("a", 1)
    assert not times.save()


def test_the_rest_takes_as_long_as_the_median():
    seconds = {"a": 10, "b": 30, "c": 200, "d": 5, "open": 999, "none": 0.2}
    assert seconds_left(seconds, ["a", "b"], 7) is None
    assert seconds_left(seconds, ["a", "b", "none"], 7) is None
    assert seconds_left(seconds, ["a", "b", "c"], 7) == 210
    assert seconds_left(seconds, ["a", "b", "c", "gone"], 0) == 0
