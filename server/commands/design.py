"""`leima design check`, `design preview` and `design cut`: for whoever draws how cards look."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server import designs
from server.config import TEMPLATES
from server.errors import SettingsError
from server.face import LANGUAGES
from server.wallets import design_check, masters, preview

Command = Callable[[argparse.Namespace], int]


def add_to(commands: Any) -> None:
    """Add the commands to the subparsers of `leima`."""
    group = commands.add_parser("design", help="check, look at and cut the pictures of a design")
    acts = group.add_subparsers(required=True, metavar="WHAT")
    _add(acts, "check", check, "what customers could not read, or phones not show")
    drawer = _add(acts, "preview", draw, "a picture of the card as a phone shows it")
    drawer.add_argument("file", type=Path, metavar="FILE", help="the PNG to write")
    drawer.add_argument("--language", choices=LANGUAGES, help="only this one; default all three")
    _add(acts, "cut", cut, "make the pictures of a pass from larger ones in source/")


def check(options: argparse.Namespace) -> int:
    """Say what is to be mended; 1 when a customer would suffer from it."""
    found = design_check.examine(options.folder)
    for finding in found:
        print(f"{'advice' if finding.is_advice else 'fault'}: {finding.says}")
    if not found:
        print(f"{options.folder.name}: all is well.")
    return 0 if all(finding.is_advice for finding in found) else 1


def draw(options: argparse.Namespace) -> int:
    """Draw the design's sample and say where it is."""
    design, sample = design_check.opened(options.folder)
    languages = (options.language,) if options.language else LANGUAGES
    try:
        preview.sheet(design, sample.face, languages).save(options.file, "PNG", optimize=True)
    except OSError as error:
        raise SettingsError(f"{options.file} cannot be written: {error.strerror}") from error
    print(f"{options.file}: {sample.face.programme} in {', '.join(languages)}")
    return 0


def cut(options: argparse.Namespace) -> int:
    """Cut every picture in source/ and say what came of it."""
    for sentence in masters.cut_all(options.folder):
        print(sentence)
    return 0


def _add(acts: Any, name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
    act: argparse.ArgumentParser = acts.add_parser(name, help=help_text)
    act.add_argument(
        "folder", type=_folder, metavar="FOLDER", help="a design's folder, or one of ours by name"
    )
    act.set_defaults(command=command)
    return act


def _folder(written: str) -> Path:
    is_ours = written in designs.names() and not Path(written).is_dir()
    return TEMPLATES / "passes" / written if is_ours else Path(written).resolve()
