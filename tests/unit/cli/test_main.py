"""The command line's own manners: help, errors, exit codes, JSON."""

from __future__ import annotations

import argparse
import io
import json
import logging
import sys
import types

import numpy as np
import pytest

from unet_gui import __version__
from unet_gui.cli import SUBCOMMANDS, ExitCode, main
from unet_gui.cli.output import Output, plain
from unet_gui.cli.registry import GROUPS
from unet_gui.core.errors import ProjectError, UsageError
from unet_gui.core.progress import Progress


@pytest.fixture
def fake_train(monkeypatch):
    """`train` replaced by a module whose `run` the test gives."""

    def replace(run):
        module = types.ModuleType("unet_gui.cli.train")
        module.add_arguments = lambda parser: parser.add_argument("words", nargs="*")
        module.run = run
        monkeypatch.setitem(sys.modules, "unet_gui.cli.train", module)

    return replace


def raising(error):
    def run(args, output):
        raise error

    return run


def test_help_teaches(run_cli):
    result = run_cli("--help")
    assert result.code == 0
    for command in SUBCOMMANDS:
        assert command.name in result.out
        assert command.help in result.out
    for word in (*GROUPS, "exit codes", "130", "--json", "examples"):
        assert word in result.out
    assert run_cli("help").out == run_cli("-h").out == result.out


@pytest.mark.parametrize("command", SUBCOMMANDS, ids=lambda c: c.name)
def test_every_command_explains_itself(run_cli, command):
    result = run_cli(command.name, "--help")
    assert result.code == 0
    assert command.description in result.out
    assert len(command.description.splitlines()) == 2
    for example in command.examples:
        assert example in result.out
    assert ("--json" in result.out) == command.json
    assert run_cli("help", command.name).out == result.out


def test_every_example_parses():
    import importlib
    import shlex

    for command in SUBCOMMANDS:
        module = importlib.import_module(command.module)
        parser = argparse.ArgumentParser(prog=command.name, exit_on_error=False)
        module.add_arguments(parser)
        parser.add_argument("--json", action="store_true")
        for example in command.examples:
            parser.parse_args(shlex.split(example)[1:])


def test_version(run_cli):
    assert run_cli("--version").out == f"unet-gui {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [["trian"], ["new"], ["new", "p"], ["export", "p", "--format", "docx", "--out", "o"],
     ["train", "--nonsense"], ["export", "p", "--for", "voc"], ["--nonsense"],
     ["gui", "/no/such/folder"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_exits_2_with_words(run_cli, words):
    result = run_cli(*words)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert "hint: " in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_a_near_miss_is_helped(run_cli):
    assert "Did you mean “train”?" in run_cli("trian", "project").err


def test_errors_with_json(run_cli):
    result = run_cli("export", "--json")
    assert result.code == 2
    (event,) = result.events
    assert event["event"] == "error"
    assert "--out" in event["message"]
    assert event["hint"] == "See: unet-gui export --help"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ProjectError("It is broken.", "Mend it."), 1, "error: It is broken.\nhint: Mend it.\n"),
        (UsageError("No such thing."), 2, "error: No such thing.\n"),
        (
            ValueError("odd\n  thing"),
            1,
            "error: odd thing (run again with --debug for details)\n",
        ),
        (ZeroDivisionError(), 1, "error: ZeroDivisionError (run again with --debug for details)\n"),
        (KeyboardInterrupt(), 130, "cancelled\n"),
    ],
)
def test_every_error_becomes_words_and_a_code(run_cli, fake_train, error, code, words):
    fake_train(raising(error))
    result = run_cli("train")
    assert (result.code, result.err, result.out) == (code, words, "")
    with_json = run_cli("train", "--json")
    assert with_json.code == code
    assert with_json.events[-1]["event"] == "error"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_anywhere_shows_the_traceback(run_cli, fake_train, place):
    fake_train(raising(ProjectError("It is broken.")))
    words = ["train", "x"]
    words.insert(place, "--debug")
    result = run_cli(*words)
    assert result.code == 1
    assert "Traceback" in result.err
    assert "error: It is broken." in result.err


def test_words_after_a_double_dash_are_left_alone(run_cli, fake_train):
    seen = []

    def run(args, output):
        seen.append((args.words, output.json))
        return 0

    fake_train(run)
    assert run_cli("train", "--", "--debug", "--json").code == 0
    assert seen == [(["--debug", "--json"], False)]


def test_a_reader_that_goes_away_is_no_error(monkeypatch, fake_train):
    fake_train(raising(BrokenPipeError()))
    monkeypatch.setattr("unet_gui.cli._point_stdout_nowhere", lambda: None)
    assert main(["train"]) == ExitCode.FAILED


def test_a_missing_file_of_the_program_is_said(run_cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "unet_gui.cli.train", None)
    result = run_cli("train", "x")
    assert result.code == 1
    assert "--debug" in result.err


def test_an_existing_folder_is_opened(monkeypatch, run_cli, tmp_path):
    opened = []
    module = types.ModuleType("unet_gui.cli.gui")
    module.add_arguments = lambda parser: parser.add_argument("target", nargs="?")
    module.run = lambda args, output: opened.append(args.target) or 0
    monkeypatch.setitem(sys.modules, "unet_gui.cli.gui", module)
    assert run_cli().code == run_cli(tmp_path).code == run_cli("gui", tmp_path).code == 0
    assert opened == [None, str(tmp_path), str(tmp_path)]


def test_the_log_is_written_and_handlers_are_gone_afterwards(fake_train, run_cli):
    from unet_gui.dataset.places import log_file

    fake_train(raising(ProjectError("It is broken.")))
    before = list(logging.getLogger().handlers)
    run_cli("train")
    assert logging.getLogger().handlers == before
    text = log_file().read_text("utf-8")
    assert "It is broken." in text
    assert "Traceback" in text


def test_a_log_that_cannot_be_written_does_not_matter(run_cli, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr("unet_gui.cli.logs.log_file", lambda: tmp_path / "file" / "x" / "log")
    assert run_cli("--version").code == 0


def test_plain_values():
    value = {
        "a": np.float32(0.5), "b": np.array([1, 2]), 3: float("nan"), "p": io and ("x", {2, 1}),
        "n": np.float64("inf"),
    }  # fmt: skip
    assert plain(value) == {"a": 0.5, "b": [1, 2], "3": None, "p": ["x", [1, 2]], "n": None}


class Terminal(io.StringIO):
    encoding = "ascii"

    def isatty(self):
        return True

    def write(self, text):
        text.encode("ascii")
        return super().write(text)


def test_a_terminal_without_the_character_gets_an_escape():
    stream = Terminal()
    Output(stderr=stream).say("细胞")
    assert stream.getvalue() == "\\u7ec6\\u80de\n"


def test_json_lines_are_ascii_and_strict():
    out = io.StringIO()
    Output(json=True, stdout=out, stderr=io.StringIO()).event("x", name="细胞", score=float("nan"))
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue()) == {"event": "x", "name": "细胞", "score": None}


def work(closed):
    try:
        for i in range(3):
            yield Progress(i, 3, f"image {i}")
    finally:
        closed.append(True)
    return "result"


def test_draining_shows_a_bar_on_a_terminal_only():
    terminal, pipe, closed = io.StringIO(), io.StringIO(), []
    terminal.isatty = lambda: True
    assert Output(stderr=pipe).drain(work(closed)) == "result"
    assert pipe.getvalue() == ""
    output = Output(stderr=terminal)
    assert output.drain(work(closed)) == "result"
    assert "image 0" in terminal.getvalue()
    assert closed == [True, True]


def test_draining_with_json_gives_progress_lines():
    out = io.StringIO()
    Output(json=True, stdout=out, stderr=io.StringIO()).drain(work([]))
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [e["done"] for e in events] == [0, 1, 2]


def test_an_interrupt_closes_the_work():
    closed: list[bool] = []
    output = Output(json=True, stdout=io.StringIO(), stderr=io.StringIO())
    output.progress = raise_interrupt
    with pytest.raises(KeyboardInterrupt):
        output.drain(work(closed))
    assert closed == [True]


def raise_interrupt(_):
    raise KeyboardInterrupt
