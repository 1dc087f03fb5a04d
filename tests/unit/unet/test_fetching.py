"""Downloads from a server of this very computer: whole, resumed, broken, tampered with, refused."""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from unet_gui.core.errors import CheckpointError
from unet_gui.core.progress import drain
from unet_gui.unet import fetching
from unet_gui.unet.fetching import PARTIAL, Published, begun, fetch

CONTENT = bytes(range(256)) * 5000


class Server(ThreadingHTTPServer):
    """Gives CONTENT; `breaks_after` bytes it hangs up, and it may not know ranges."""

    daemon_threads = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.breaks_after = None
        self.knows_ranges = True
        self.status = 200
        self.asked = []

    def published(self, name="weights.pth", content=CONTENT):
        url = f"http://127.0.0.1:{self.server_address[1]}/models/{name}"
        return Published(url, len(content), hashlib.sha256(content).hexdigest())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        if server.status != 200:
            self.send_error(server.status)
            return
        begin = int(wanted[6:-1]) if wanted and server.knows_ranges else 0
        body = server.content[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            last = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {begin}-{last}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if server.breaks_after is None else body[: server.breaks_after])

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "hub" / "weights.pth"


def partial_of(target):
    return target.with_name(target.name + PARTIAL)


def test_a_whole_file_with_progress(server, target):
    seen = []
    assert drain(fetch(server.published(), target), seen.append) == target
    assert target.read_bytes() == CONTENT
    assert not partial_of(target).exists()
    done = [p.done for p in seen]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert {p.total for p in seen} == {len(CONTENT)}
    assert "1 of 1 MB" in seen[-1].text
    assert server.asked == [None]


def test_what_was_cancelled_goes_on(server, target):
    job = fetch(server.published(), target)
    while next(job).done < fetching.CHUNK:
        pass
    job.close()
    assert not target.exists()
    kept = partial_of(target).stat().st_size
    assert 0 < kept == begun(target) < len(CONTENT)
    drain(fetch(server.published(), target))
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={kept}-"]
    assert begun(target) == 0


def test_a_broken_connection_says_so_and_goes_on(server, target):
    server.breaks_after = 400_000
    with pytest.raises(CheckpointError, match=r"broke|cannot be downloaded") as raised:
        drain(fetch(server.published(), target))
    assert "ry again" in raised.value.hint
    assert partial_of(target).stat().st_size == 400_000
    server.breaks_after = None
    drain(fetch(server.published(), target))
    assert target.read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=400000-"


def test_a_server_without_ranges_begins_anew(server, target):
    target.parent.mkdir()
    partial_of(target).write_bytes(b"x" * 1000)
    server.knows_ranges = False
    drain(fetch(server.published(), target))
    assert target.read_bytes() == CONTENT


def test_everything_there_needs_no_server(target):
    target.parent.mkdir()
    partial_of(target).write_bytes(CONTENT)
    what = Published("http://127.0.0.1:1/w.pth", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    drain(fetch(what, target))
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("length", [1000, len(CONTENT), len(CONTENT) + 1])
def test_rubbish_from_before_never_becomes_the_file(server, target, length):
    target.parent.mkdir()
    partial_of(target).write_bytes(b"x" * length)
    if length <= len(CONTENT):
        with pytest.raises(CheckpointError, match="thrown away"):
            drain(fetch(server.published(), target))
        assert not partial_of(target).exists()
        assert not target.exists()
    drain(fetch(server.published(), target))
    assert target.read_bytes() == CONTENT


def test_another_file_is_thrown_away(server, target):
    target.parent.mkdir()
    target.write_bytes(b"before")
    server.content = b"y" * len(CONTENT)
    with pytest.raises(CheckpointError, match=r"not weights\.pth as it was published"):
        drain(fetch(server.published(), target))
    assert target.read_bytes() == b"before"
    assert not partial_of(target).exists()


def test_a_refusal_is_named(server, target):
    server.status = 404
    with pytest.raises(CheckpointError, match="answers 404") as raised:
        drain(fetch(server.published(), target))
    assert "--encoder-weights FILE" in raised.value.hint


def test_offline_is_a_clear_error(target):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    what = Published(f"http://127.0.0.1:{port}/weights.pth", 10, "0" * 64)
    with pytest.raises(CheckpointError, match="cannot be downloaded") as raised:
        drain(fetch(what, target))
    assert "Connect to the internet" in raised.value.hint
    assert not target.exists()


def test_a_server_that_says_nothing_is_given_up(monkeypatch, target):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        what = Published(f"http://127.0.0.1:{silent.getsockname()[1]}/w.pth", 10, "0" * 64)
        with pytest.raises(CheckpointError, match="does not answer"):
            drain(fetch(what, target))


def test_a_full_disk_is_said_before(monkeypatch, server, target):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1000))
    with pytest.raises(CheckpointError, match="MB are needed"):
        drain(fetch(server.published(), target))
    assert server.asked == []


def test_a_folder_that_cannot_be_made(tmp_path, server):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be written"):
        drain(fetch(server.published(), tmp_path / "file" / "w.pth"))


def test_the_published_file_is_torchvisions():
    from torchvision.models import VGG16_Weights

    known = VGG16_Weights.IMAGENET1K_V1
    assert known.url == fetching.IMAGENET.url
    assert fetching.IMAGENET.name == "vgg16-397923af.pth"
    assert fetching.IMAGENET.sha256.startswith("397923af")
    assert known.meta["_file_size"] == pytest.approx(fetching.IMAGENET.nbytes / 2**20, abs=0.001)
