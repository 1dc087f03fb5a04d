from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture
def bootstrap(script, monkeypatch, tmp_path):
    module = script("bootstrap")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "too_small", lambda folder, needed: "")
    (tmp_path / "packaging").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "packaging" / "constraints.txt").write_text("torch==1\n")
    return module


@pytest.fixture
def calls(bootstrap, monkeypatch):
    """Every command that would run; `fails` names words that make one fail."""
    made = []

    class Calls(list):
        fails: tuple[str, ...] = ()

    made = Calls()

    def call(command, **_options):
        made.append([str(word) for word in command])
        return int(any(word in " ".join(made[-1]) for word in made.fails))

    monkeypatch.setattr(bootstrap, "call", call)
    return made


def venv_in(tmp_path):
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text("")
    return venv


def test_the_script_can_be_read_by_an_old_python(script):
    source = Path(script("bootstrap").__file__).read_text("utf-8")
    ast.parse(source, feature_version=(3, 7))


def test_an_old_python_is_told_what_to_do(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "newer_python", lambda: None)
    with pytest.raises(bootstrap.SetupError, match=r"3\.11 or newer.*this is 3\.8"):
        bootstrap.require_python((3, 8))


def test_an_old_python_hands_over_to_a_newer_one(bootstrap, monkeypatch):
    handed = []
    monkeypatch.setattr(bootstrap, "newer_python", lambda: "/opt/python3.12")
    monkeypatch.setattr(bootstrap.os, "execv", lambda *args: handed.append(args) or sys.exit(0))
    with pytest.raises(SystemExit):
        bootstrap.require_python((3, 9))
    assert handed[0][0] == "/opt/python3.12"
    assert handed[0][1][1].endswith("bootstrap.py")


def test_a_working_environment_is_kept(bootstrap, calls, tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "venv_python", lambda venv: venv / "bin" / "python")
    bootstrap.make_venv(venv_in(tmp_path))
    assert not any("venv" in word for command in calls for word in command[1:])


def test_a_missing_ensurepip_is_installed_and_a_failure_is_explained(
    bootstrap, calls, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr(bootstrap, "apt_install", asked.append)
    calls.fails = ("-m venv", "import ensurepip")
    with pytest.raises(bootstrap.SetupError, match="apt-get install python3"):
        bootstrap.make_venv(tmp_path / "venv")
    assert asked == [["python{}.{}-venv".format(*sys.version_info)]]


def test_the_second_time_nothing_is_installed(bootstrap, calls, tmp_path):
    venv = venv_in(tmp_path)
    bootstrap.install(venv, cpu_index=False)
    assert len(calls) == 2
    assert calls[0][-4:] == ["-c", "packaging/constraints.txt", "-e", ".[dev]"]
    assert "compileall" in calls[1]
    bootstrap.install(venv, cpu_index=False)
    assert len(calls) == 2
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    bootstrap.install(venv, cpu_index=False)
    assert len(calls) == 4


def test_without_the_tested_versions_others_are_tried(bootstrap, calls, tmp_path):
    calls.fails = ("constraints.txt",)
    venv = venv_in(tmp_path)
    bootstrap.install(venv, cpu_index=False)
    assert sum("pip" in call for call in calls) == 2
    assert "-c" not in calls[1]
    assert (venv / bootstrap.STAMP).is_file()


def test_a_disk_that_is_too_small_is_named(bootstrap, calls, script, tmp_path, monkeypatch, capsys):
    venv = venv_in(tmp_path)
    monkeypatch.setattr(bootstrap, "too_small", script("bootstrap").too_small)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: SimpleNamespace(free=1.5e9))
    bootstrap.install(venv, cpu_index=False)
    assert "1.5 GB of disk are free" in capsys.readouterr().out  # it is tried all the same
    (venv / bootstrap.STAMP).unlink()
    calls.clear()
    calls.fails = ("pip",)
    with pytest.raises(bootstrap.SetupError, match=r"(?s)1\.5 GB.*--venv.*--cpu-index"):
        bootstrap.install(venv, cpu_index=False)
    capsys.readouterr()
    (venv / "lib" / "python3.11" / "site-packages" / "torch").mkdir(parents=True)
    calls.fails = ()
    bootstrap.install(venv, cpu_index=False)  # what is still to come is small
    assert "1.5 GB" not in capsys.readouterr().out


def test_a_failed_installation_is_tried_again_next_time(bootstrap, calls, tmp_path):
    calls.fails = ("pip",)
    venv = venv_in(tmp_path)
    with pytest.raises(bootstrap.SetupError, match="internet"):
        bootstrap.install(venv, cpu_index=False)
    assert not (venv / bootstrap.STAMP).exists()


def test_the_cpu_index_is_used_only_when_asked_for(bootstrap, calls, tmp_path):
    bootstrap.install(venv_in(tmp_path), cpu_index=True)
    assert bootstrap.CPU_INDEX in calls[0]
    assert bootstrap.CPU_INDEX not in calls[1]


def fake_check(bootstrap, monkeypatch, *answers):
    """What qt_check.py answers, one after the other."""
    left = list(answers)
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda _python: left.pop(0))


WHOLE = {"core": [], "screen": []}
NO_CURSOR = {"core": [], "screen": ["libxcb-cursor.so.0"]}


def test_root_on_debian_gets_the_libraries(bootstrap, monkeypatch, calls, tmp_path, capsys):
    fake_check(bootstrap, monkeypatch, NO_CURSOR, WHOLE)
    monkeypatch.setattr(bootstrap, "can_apt", lambda: True)
    assert bootstrap.check_qt(tmp_path) == WHOLE
    assert calls[1][:2] == ["apt-get", "install"]
    assert "libxcb-cursor0" in calls[1]
    assert "missing" not in capsys.readouterr().out


def test_everybody_else_gets_the_exact_command(bootstrap, monkeypatch, calls, tmp_path, capsys):
    fake_check(bootstrap, monkeypatch, NO_CURSOR)
    monkeypatch.setattr(bootstrap, "can_apt", lambda: False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name == "apt-get" or None)
    assert bootstrap.check_qt(tmp_path) == NO_CURSOR
    assert calls == []
    out = capsys.readouterr().out
    assert "libxcb-cursor.so.0" in out
    assert "sudo apt-get install libegl1" in out


@pytest.mark.parametrize(
    ("tool", "word"), [("dnf", "dnf install"), ("pacman", "pacman -S"), ("none", "packages")]
)
def test_other_systems_get_their_own_advice(bootstrap, monkeypatch, tool, word):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/bin/x" if name == tool else None)
    assert word in bootstrap.advice()


def test_a_check_that_dies_counts_as_missing(bootstrap, tmp_path):
    assert bootstrap.missing_libraries(sys.executable)["core"]


def test_without_a_display_the_job_runs_without_a_window(bootstrap, monkeypatch, calls, capsys):
    monkeypatch.setattr(bootstrap, "has_display", lambda _python: False)
    assert bootstrap.run("python", WHOLE, ["--budget", "5s"]) == 0
    assert calls == [["python", "packaging/headless.py", "--budget", "5s"]]
    assert "no display" in capsys.readouterr().out


def test_with_a_display_the_sample_opens(bootstrap, monkeypatch, calls, tmp_path):
    monkeypatch.setattr(bootstrap, "has_display", lambda _python: True)
    monkeypatch.setattr(bootstrap, "sample_copy", lambda _python: "/home/me/sample")
    python = tmp_path / "bin" / "python"
    bootstrap.run(python, WHOLE, [])
    bootstrap.run(python, WHOLE, ["mine"])
    assert [c[1:] for c in calls] == [
        ["-m", "unet_gui", "/home/me/sample"],
        ["-m", "unet_gui", "mine"],
    ]
    with pytest.raises(bootstrap.SetupError, match="libraries"):
        bootstrap.run(python, NO_CURSOR, [])


def test_a_dead_display_is_no_display(bootstrap, monkeypatch, calls):
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not bootstrap.has_display("python")
    assert calls == []
    monkeypatch.setenv("DISPLAY", ":99")
    assert bootstrap.has_display("python")
    calls.fails = ("QGuiApplication",)
    assert not bootstrap.has_display("python")


def test_all_checks_run_in_order_and_one_failure_fails_the_whole(
    bootstrap, monkeypatch, calls, tmp_path, capsys
):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: "/usr/bin/Xvfb")
    python = tmp_path / "bin" / "python"
    assert bootstrap.test(python, WHOLE, []) == 0
    programs = [Path(c[0]).name for c in calls]
    assert programs == ["ruff", "ruff", "mypy", "lint-imports", "python", "python"]
    assert [c[c.index("-m", 3) + 1] for c in calls[4:]] == ["not slow", "slow"]
    calls.clear()
    calls.fails = ("mypy",)
    assert bootstrap.test(python, WHOLE, []) == 1
    assert len(calls) == 6
    assert "FAILED" in capsys.readouterr().out


def test_errors_become_one_line_and_exit_code_one(bootstrap, monkeypatch, capsys):
    def refuse(*_args, **_kwargs):
        raise bootstrap.SetupError("no space left")

    monkeypatch.setattr(bootstrap, "set_up", refuse)
    assert bootstrap.main(["setup"]) == 1
    assert capsys.readouterr().err.strip() == "error: no space left"


def test_the_loaders_message_becomes_a_file_name(script):
    check = script("qt_check")
    error = OSError("libxcb-cursor.so.0: cannot open shared object file: No such file")
    assert check.reason(error) == "libxcb-cursor.so.0"
    assert check.reason(OSError("something else")) == "something else"


def test_the_check_answers_in_json(bootstrap, tmp_path):
    (tmp_path / "packaging" / "qt_check.py").write_text(
        f"print({json.dumps(json.dumps(NO_CURSOR))})"
    )
    assert bootstrap.missing_libraries(sys.executable) == NO_CURSOR
