"""The commands of `python -m passkit`: what each takes, does and answers.

Exit codes: 0 all is well, 1 the pass is refused, 2 the command itself was wrong.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from passkit.certificates import apple_wwdr_g4
from passkit.errors import PasskitError, ReaderError
from passkit.folder import files_of
from passkit.linting import lint, refuses
from passkit.package import bundle, pack
from passkit.printing import Printer
from passkit.reader import Opened, json_object, read, read_bundle
from passkit.signing import Signer
from passkit.throwaway import Authority
from passkit.values import moment

OK, REFUSED, WRONG = 0, 1, 2

_DESCRIPTION = """\
Apple Wallet passes from a terminal.

  build    a folder with pass.json and images becomes a signed .pkpass file
  inspect  what a .pkpass or .pkpasses file holds
  verify   whether the file is whole and signed by whom it says
  lint     why iPhones would refuse or degrade it, rule by rule
"""
_EPILOG = """\
exit codes: 0 all is well, 1 the pass is refused, 2 the command was wrong.
The rules of lint, each with its source: docs/lint.md.
"""


class _Wrong(Exception):
    """The command cannot be carried out as it was given."""


def main(arguments: Sequence[str], *, now: datetime, is_colored: bool) -> int:
    """Carry out a command and give its exit code; `now` is what the certificates are held to."""
    given = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, datetime, Printer], int] = given.command
    try:
        return command(given, now, Printer(sys.stdout, is_colored=is_colored))
    except (_Wrong, PasskitError, OSError) as error:
        sys.stderr.write(f"passkit: {error}\n")
        return WRONG


def parser() -> argparse.ArgumentParser:
    """The command line, with its help."""
    made = argparse.ArgumentParser(
        prog="python -m passkit",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    _add_build(commands)
    for name, command, told in (
        ("inspect", _inspect, "show what a file holds"),
        ("verify", _verify, "check manifest, signature and certificates"),
        ("lint", _lint, "say why iPhones would refuse or degrade it"),
    ):
        each = commands.add_parser(name, help=told, description=f"{told.capitalize()}.")
        each.add_argument("file", type=Path, metavar="FILE", help="a .pkpass or .pkpasses file")
        _add_root(each)
        each.set_defaults(command=command)
        if name == "lint":
            each.add_argument("--json", action="store_true", help="one JSON object a finding")
    return made


def _add_build(commands: Any) -> None:
    build = commands.add_parser(
        "build",
        help="make a signed .pkpass file of a folder",
        description=(
            "Make a signed .pkpass file of a folder that holds pass.json, images such as"
            " icon@2x.png, and fi.lproj/pass.strings (UTF-8 or UTF-16, written as UTF-16); or a"
            " .pkpasses bundle of up to 10 folders. The file is judged as lint does, and not"
            " written when phones would refuse it."
        ),
    )
    build.add_argument(
        "folder", type=Path, nargs="+", metavar="FOLDER", help="a folder with pass.json"
    )
    build.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="what to write"
    )
    build.add_argument("--certificate", type=Path, metavar="PEM", help="pass certificate")
    build.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    build.add_argument(
        "--p12", type=Path, metavar="FILE", help="both, as Keychain Access exports them"
    )
    build.add_argument("--password-file", type=Path, metavar="FILE", help="password of the key")
    build.add_argument("--intermediate", type=Path, metavar="PEM", help="instead of Apple's G4")
    build.add_argument(
        "--throwaway",
        action="store_true",
        help=(
            "sign with certificates made on the spot: for trying out, no phone takes it; their root"
            " is written beside it, like card.root.pem, for verify and lint"
        ),
    )
    build.add_argument(
        "--at",
        metavar="MOMENT",
        help="signing time, such as 2026-11-22T10:00:00Z; an EC key signs the clock's all the same",
    )
    build.add_argument("--force", action="store_true", help="write it though it is refused")
    _add_root(build)
    build.set_defaults(command=_build)


def _add_root(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--root",
        type=Path,
        metavar="PEM",
        help="the root or intermediate to trust instead of Apple's G4",
    )


def _build(given: argparse.Namespace, now: datetime, printer: Printer) -> int:
    at = datetime.fromisoformat(moment(given.at, "--at")) if given.at else now
    is_bundle = given.output.suffix == ".pkpasses"
    if len(given.folder) > 1 and not is_bundle:
        raise _Wrong("several folders make a bundle: name it like cards.pkpasses.")
    sets = [files_of(folder) for folder in given.folder]
    signers, trusted = _signers(given, sets, at)
    passes = [pack(files, signer, at=at) for files, signer in zip(sets, signers, strict=True)]
    made = bundle(passes) if is_bundle else passes[0]
    findings = lint(made, at=at, root_pem=_root(given) or trusted)
    printer.findings(findings)
    if refuses(findings) and not given.force:
        printer.line("Nothing was written. --force writes it all the same.")
        return REFUSED
    given.output.write_bytes(made)
    printer.line(f"{given.output}: {len(made):,} bytes, signed {at:%Y-%m-%d %H:%M} UTC.")
    if trusted:
        root = given.output.with_suffix(".root.pem")
        root.write_bytes(trusted)
        printer.line(f"To verify or lint it, trust its throw-away root: --root {root}")
    return REFUSED if refuses(findings) else OK


def _signers(
    given: argparse.Namespace, sets: list[dict[str, bytes]], at: datetime
) -> tuple[list[Signer], bytes | None]:
    """Whoever signs each pass, and the certificate that leads to them where it is not Apple's."""
    if given.throwaway:
        authority = Authority.create(at=at)
        return [_throwaway(authority, files, at) for files in sets], authority.root_pem
    password = _password(given.password_file) if given.password_file else None
    intermediate = given.intermediate.read_bytes() if given.intermediate else None
    if given.p12:
        p12 = given.p12.read_bytes()
        signer = Signer.from_p12(p12, password, intermediate=intermediate)
    elif given.certificate and given.key:
        certificate, key = given.certificate.read_bytes(), given.key.read_bytes()
        signer = Signer(certificate, key, intermediate, key_password=password)
    else:
        raise _Wrong("give --certificate and --key, or --p12, or --throwaway to try it out.")
    return [signer] * len(sets), None


def _password(file: Path) -> str:
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise _Wrong(f"{file} is no text in UTF-8: write the password, nothing else.") from error


def _throwaway(authority: Authority, files: dict[str, bytes], at: datetime) -> Signer:
    content = json_object(files["pass.json"], "pass.json")
    for key in ("passTypeIdentifier", "teamIdentifier"):
        if not isinstance(content.get(key), str):
            raise _Wrong(f"pass.json: write {key}, which a certificate is issued for.")
    pass_type, team = content["passTypeIdentifier"], content["teamIdentifier"]
    issued = authority.issue_pass_certificate(pass_type, team, at=at)
    return Signer(issued.certificate_pem, issued.key_pem, authority.intermediate_pem)


def _root(given: argparse.Namespace) -> bytes | None:
    return given.root.read_bytes() if given.root else None


def _inspect(given: argparse.Namespace, now: datetime, printer: Printer) -> int:
    try:
        for number, opened in enumerate(_opened(given, None, None), 1):
            printer.opened(opened, number, at=now)
    except ReaderError as error:
        printer.refusal(error)
        return REFUSED
    return OK


def _verify(given: argparse.Namespace, now: datetime, printer: Printer) -> int:
    trusted = _root(given) or apple_wwdr_g4().public_bytes(Encoding.PEM)
    try:
        for opened in _opened(given, trusted, now):
            printer.verified(opened)
    except ReaderError as error:
        printer.refusal(error)
        return REFUSED
    return OK


def _opened(given: argparse.Namespace, root: bytes | None, at: datetime | None) -> list[Opened]:
    data = given.file.read_bytes()
    is_bundle = given.file.suffix == ".pkpasses"
    passes = read_bundle(data) if is_bundle else [data]
    return [read(each, root_pem=root, at=at) for each in passes]


def _lint(given: argparse.Namespace, now: datetime, printer: Printer) -> int:
    findings = lint(given.file.read_bytes(), at=now, root_pem=_root(given))
    if given.json:
        for each in findings:
            told = {
                "rule": each.rule.id,
                "severity": each.rule.severity,
                "systems": each.rule.systems,
                "path": each.path,
                "detail": each.detail,
                "remedy": each.rule.remedy,
                "source": each.rule.source,
            }
            printer.line(json.dumps(told))  # ASCII: safe in any terminal, half characters too
    else:
        printer.findings(findings)
    return REFUSED if refuses(findings) else OK
