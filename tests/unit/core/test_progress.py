import pytest

from unet_gui.core.progress import Progress, drain


def job(log):
    try:
        yield Progress(0, 2)
        yield Progress(1, 2, "half")
        return "result"
    finally:
        log.append("closed")


def test_drain_hands_on_items_and_returns_the_result():
    log, items = [], []
    assert drain(job(log), items.append) == "result"
    assert [p.done for p in items] == [0, 1]
    assert log == ["closed"]


def test_an_error_in_the_listener_still_closes_the_job():
    log = []
    with pytest.raises(KeyError):
        drain(job(log), lambda _: {}["missing"])
    assert log == ["closed"]
