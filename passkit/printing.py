"""What `python -m passkit` says, as it stands in a terminal."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from passkit.certificates import pass_type_identifier, team_identifier
from passkit.errors import ReaderError
from passkit.linting import Finding, Severity, rules
from passkit.linting.fields import GROUPS, STYLES
from passkit.reader import Opened
from passkit.throwaway import is_throwaway

_WIDTH = 88
_INDENT = 11
_MARKS = {
    Severity.REFUSE: ("✗", "31"),
    Severity.DEGRADE: ("!", "33"),
    Severity.ADVICE: ("·", "36"),
}
_GOOD = "32"
_QUIET = "2"
_BOLD = "1"
_LONGEST_VALUE = 60


class Printer:
    """Writes to a terminal, in colour where that is wanted."""

    def __init__(self, out: TextIO, *, is_colored: bool) -> None:
        self._out = out
        self._is_colored = is_colored

    def line(self, text: str = "") -> None:
        """One line as it stands."""
        self._out.write(f"{text}\n")

    def findings(self, findings: Sequence[Finding]) -> None:
        """Everything that is wrong, worst first, and how much of it there is."""
        for each in findings:
            self._finding(each)
        counts = Counter(each.rule.severity for each in findings)
        if not findings:
            self.line(self._paint("✓ Nothing to be said against it.", _GOOD))
            return
        told = (
            (counts[Severity.REFUSE], "refused"),
            (counts[Severity.DEGRADE], "degraded"),
            (counts[Severity.ADVICE], "advice"),
        )
        self.line(" · ".join(f"{count} {word}" for count, word in told if count))

    def refusal(self, error: ReaderError) -> None:
        """The one fault that ended the reading."""
        self._finding(Finding(rule=rules()[error.rule], path=error.path, detail=str(error)))

    def verified(self, opened: Opened) -> None:
        """Who signed a pass, and when."""
        signature = opened.signature
        self.line(
            self._paint(f"✓ {_plain(opened.content['serialNumber'])} is whole and signed.", _GOOD)
        )
        self._rows(
            {
                "signed": f"{signature.signed_at:%Y-%m-%d %H:%M} UTC, {signature.digest}",
                "for": f"{pass_type_identifier(signature.certificate)},"
                f" team {team_identifier(signature.certificate)}",
                "valid until": f"{signature.certificate.not_valid_after_utc:%Y-%m-%d}",
            }
        )

    def opened(self, opened: Opened, number: int, *, at: datetime) -> None:
        """What a pass holds."""
        if number > 1:
            self.line()
        content, signature = opened.content, opened.signature
        styles = [style for style in STYLES if style in content]
        ends = signature.certificate.not_valid_after_utc
        title = _plain(f"{content['organizationName']} · {content['description']}")
        self.line(self._paint(title, _BOLD))
        self._rows(
            {
                "style": " + ".join(styles) or "none",
                "pass type": content["passTypeIdentifier"],
                "team": content["teamIdentifier"],
                "serial": content["serialNumber"],
                "updates": content.get("webServiceURL", "never"),
                "expires": content.get("expirationDate", ""),
                "voided": "yes" if content.get("voided") else "",
                "codes": ", ".join(_codes(content)),
                "signed": f"{signature.signed_at:%Y-%m-%d %H:%M} UTC, {signature.digest}",
                "certificate": ("expired" if ends < at else "until")
                + f" {ends:%Y-%m-%d}"
                + (", throw-away" if is_throwaway(signature.certificate) else ""),
            }
        )
        for style in styles:
            self._fields(style, content[style])
        self._files(opened.files)

    def _fields(self, style: str, groups: Any) -> None:
        if not isinstance(groups, dict):
            return
        self.line(self._paint(f"\n{style}", _BOLD))
        for group in sorted(groups, key=lambda name: (name not in GROUPS, name)):
            fields = groups[group] if isinstance(groups[group], list) else []
            for each in (each for each in fields if isinstance(each, dict)):
                label, value = _short(each.get("label", "")), _short(each.get("value", ""))
                name = _plain(group.removesuffix("Fields"))
                self.line(f"  {name:<15}{label:<24}{value}")

    def _files(self, files: Mapping[str, bytes]) -> None:
        self.line(self._paint(f"\n{len(files)} files", _BOLD))
        for name, data in sorted(files.items()):
            self.line(f"  {len(data):>9,}  {_plain(name)}")

    def _rows(self, rows: Mapping[str, Any]) -> None:
        for name, value in rows.items():
            if value != "":
                self.line(f"  {self._paint(f'{name:<13}', _QUIET)}{_short(value)}")

    def _finding(self, finding: Finding) -> None:
        rule = finding.rule
        mark, color = _MARKS[rule.severity]
        head = self._paint(f"{mark} {rule.severity:<9}", color)
        self.line(f"{head}{self._paint(_plain(finding.path) or 'the package', _BOLD)}")
        self._wrapped(finding.detail)
        if finding.detail != rule.problem:
            self._wrapped(rule.problem)
        self._wrapped(f"→ {rule.remedy}")
        self._wrapped(f"{rule.id} · {rule.systems} · {rule.source}", _QUIET)
        self.line()

    def _wrapped(self, text: str, color: str = "") -> None:
        for each in textwrap.wrap(_plain(text), _WIDTH - _INDENT) or [""]:
            self.line(" " * _INDENT + (self._paint(each, color) if color else each))

    def _paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._is_colored else text


def _codes(content: Mapping[str, Any]) -> Iterable[str]:
    codes = content.get("barcodes")
    for each in codes if isinstance(codes, list) else [content.get("barcode")]:
        if isinstance(each, dict):
            kind = str(each.get("format")).removeprefix("PKBarcodeFormat")
            yield f"{kind} {_short(each.get('message'))}"


def _plain(text: str) -> str:
    """The text without anything that would steer a terminal: passes are made by strangers."""
    return "".join(each if each.isprintable() else " " for each in text)


def _short(value: Any) -> str:
    text = _plain(str(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
