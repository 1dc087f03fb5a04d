"""Atomic writing: whole or not at all, whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import threading

import pytest

from unet_gui.dataset import files
from unet_gui.dataset.files import explain, is_writable, locked, stamp, write_atomic, write_json


def fail_with(number):
    def fail(*_args, **_kwargs):
        raise OSError(number, os.strerror(number))

    return fail


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "new" / "deep" / "file"
    write_atomic(path, lambda f: f.write(b"one"))
    write_atomic(path, lambda f: f.write(b"two"))
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("step", ["write", "os.fsync", "os.replace"])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write = (lambda f: f.write(b"new")) if step != "write" else fail_with(errno.ENOSPC)
    if step != "write":
        monkeypatch.setattr(step, fail_with(errno.ENOSPC))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_atomic(path, write)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_nothing_either(tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path):
    real = tmp_path / "elsewhere" / "real"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link = tmp_path / "link"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("no symbolic links here")
    write_atomic(link, lambda f: f.write(b"new"))
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_the_longest_name_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_atomic(path, lambda f: f.write(b"x"))
    assert path.read_bytes() == b"x"


def test_json_keeps_other_scripts_readable(tmp_path):
    write_json(tmp_path / "a.json", {"name": "细胞"})
    assert "细胞" in (tmp_path / "a.json").read_text("utf-8")


def test_json_of_undecodable_names(tmp_path):
    data = {"name": b"bad\xff.png".decode("utf-8", "surrogateescape")}
    write_json(tmp_path / "a.json", data)
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == data


def test_writable_is_found_out_by_writing(tmp_path, monkeypatch):
    assert is_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("pathlib.Path.open", fail_with(errno.EROFS))
    assert not is_writable(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows folders have no such bits")
def test_a_folder_nobody_may_write_to_is_respected_by_root_too(tmp_path):
    tmp_path.chmod(0o555)
    try:
        assert not is_writable(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_a_folder_that_is_gone_is_not_writable(tmp_path):
    assert not is_writable(tmp_path / "gone")


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "not allowed"),
        (errno.ENOENT, "gone"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_reasons_in_words(number, word):
    assert word in explain(OSError(number, os.strerror(number)))[0]


def test_locked_keeps_others_out(tmp_path):
    order: list[str] = []
    inside = threading.Event()

    def other():
        inside.wait()
        with locked(tmp_path / "lock"):
            order.append("second")

    thread = threading.Thread(target=other)
    thread.start()
    with locked(tmp_path / "lock"):
        inside.set()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_without_a_lock_file_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.open", fail_with(errno.EROFS))
    with locked(tmp_path / "lock"):
        pass


def test_patience_ends(tmp_path):
    with locked(tmp_path / "lock"), locked(tmp_path / "lock", patience=0):
        pass


def test_stamp(tmp_path):
    assert stamp(tmp_path / "gone") is None
    (tmp_path / "a").write_bytes(b"abc")
    assert stamp(tmp_path / "a")[1] == 3
    assert files.stamp(tmp_path / "nul\0l") is None
