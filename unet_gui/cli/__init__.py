"""The command line: one registry of subcommands, each loaded only when it is asked for.

A subcommand is a module with two functions:

* `add_arguments(parser)` declares its options. `--json`, `--debug` and `--help` are there already.
* `run(args, output) -> int` does the work and returns the exit code. torch and Qt are imported
  inside it, so that `--help` answers at once.

`main` is the only place that turns errors into words and exit codes: 0 done, 1 failed,
2 wrong usage, 130 cancelled. No traceback is shown without `--debug`.
"""

from __future__ import annotations

import argparse
import atexit
import difflib
import importlib
import logging
import os
import sys
import traceback
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from unet_gui import __version__
from unet_gui.cli.logs import file_logging
from unet_gui.cli.output import Output
from unet_gui.cli.registry import EPILOG, GROUPS, SUBCOMMANDS, Subcommand
from unet_gui.core.errors import UnetGuiError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SUBCOMMANDS", "ExitCode", "Subcommand", "main"]

PROG = "unet-gui"

_log = logging.getLogger(__name__)


class ExitCode(IntEnum):
    """What the command line returns to the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CANCELLED = 130


class _Module(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace, output: Output) -> int: ...


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints travel the same way as every other error."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:], f"See: {self.prog} --help")


def run_program() -> NoReturn:
    """The command line as a process of its own, which ends without taking torch apart.

    That would take a third of a second, for nothing: what others would miss is flushed and closed.
    """
    code = main()
    if "torch" in sys.modules and "PySide6" not in sys.modules:
        atexit._run_exitfuncs()
        logging.shutdown()
        with suppress(OSError, ValueError):  # nobody listens any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The words after the program's name; those of the process when None.

    Returns:
        0 done, 1 failed, 2 wrong usage, 130 cancelled.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    words, debug = _take_flag(words, "--debug")
    json_lines = "--json" in _before_separator(words)
    output = Output(json=json_lines)
    with file_logging(debug=debug):
        try:
            code = _dispatch(words, output)
            output.flush()
        except BrokenPipeError:
            # The reader went away (`| head`): nobody is left to tell. Python would complain once
            # more while it flushes at exit, unless stdout leads nowhere.
            _point_stdout_nowhere()
            code = ExitCode.FAILED
        except KeyboardInterrupt:
            output.cancelled()
            code = ExitCode.CANCELLED
        except Exception as exc:  # noqa: BLE001 - the one place where every error becomes words
            code = _report(exc, output, debug=debug)
    return int(code)


def _dispatch(words: list[str], output: Output) -> int:
    try:
        command, rest = _choose(words)
        if command is None:
            _top_parser().parse_args(rest)
            return ExitCode.DONE
        module = cast("_Module", importlib.import_module(command.module))
        parser = _command_parser(command, module)
        args = parser.parse_args(rest)
    except SystemExit as exc:  # argparse has printed help or the version
        return exc.code if isinstance(exc.code, int) else ExitCode.DONE
    return module.run(args, output)


def _choose(words: list[str]) -> tuple[Subcommand | None, list[str]]:
    """Which subcommand the words ask for and what is left for it; None for the program itself."""
    by_name = {c.name: c for c in SUBCOMMANDS}
    if words and words[0] == "help":
        words = [*words[1:2], "--help"]
    if words and words[0] in {"-h", "--help", "--version"}:
        return None, words
    if words and words[0] in by_name:
        return by_name[words[0]], words[1:]
    if words and not words[0].startswith("-") and not Path(words[0]).exists():
        close = difflib.get_close_matches(words[0], by_name, n=1)
        raise UsageError(
            f"There is no command and no folder called “{words[0]}”.",
            f"Did you mean “{close[0]}”?" if close else f"See: {PROG} --help",
        )
    return by_name["gui"], words


def _top_parser() -> argparse.ArgumentParser:
    width = max(len(c.name) for c in SUBCOMMANDS) + 2
    lines: list[str] = []
    for group in GROUPS:
        lines.append(f"{group}:")
        lines += [f"  {c.name:<{width}}{c.help}" for c in SUBCOMMANDS if c.group == group]
        lines.append("")
    parser = _Parser(
        prog=PROG,
        usage=f"{PROG} [PROJECT | FOLDER]\n       {PROG} COMMAND … [--json] [--debug]",
        description=(
            "Label images for semantic segmentation. A U-Net proposes the mask, you correct it\n"
            "with a brush, it learns from the correction.\n\n" + "\n".join(lines).rstrip()
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROG} {__version__}")
    return parser


def _command_parser(command: Subcommand, module: _Module) -> argparse.ArgumentParser:
    examples = "\n".join(f"  {PROG} {example}".rstrip() for example in command.examples)
    parser = _Parser(
        prog=f"{PROG} {command.name}",
        description=command.description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    common = parser.add_argument_group("common options")
    if command.json:
        common.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    # Taken out of the words before parsing; here only so that --help shows it.
    common.add_argument("--debug", action="store_true", help="show tracebacks and log messages")
    return parser


def _report(exc: Exception, output: Output, *, debug: bool) -> ExitCode:
    _log.error("failed", exc_info=exc)
    if debug:
        traceback.print_exception(exc, file=output.stderr)
    if isinstance(exc, UnetGuiError):
        output.error(exc)
        return ExitCode.USAGE if isinstance(exc, UsageError) else ExitCode.FAILED
    words = " ".join(str(exc).split()) or type(exc).__name__
    output.error(UnetGuiError(f"{words} (run again with --debug for details)"))
    return ExitCode.FAILED


def _before_separator(words: list[str]) -> list[str]:
    return words[: words.index("--")] if "--" in words else words


def _take_flag(words: list[str], flag: str) -> tuple[list[str], bool]:
    """The words without `flag`, which may stand anywhere before `--`, and whether it was there."""
    head = _before_separator(words)
    return [w for w in head if w != flag] + words[len(head) :], flag in head


def _point_stdout_nowhere() -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        _log.debug("stdout has no file descriptor to redirect")
