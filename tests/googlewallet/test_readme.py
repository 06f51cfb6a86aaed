"""The sample of the README is run."""

import re
import textwrap
from pathlib import Path

from googlewallet import throwaway
from googlewallet.terminal import OK, main

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_sample_of_the_readme_does_what_it_says(tmp_path, monkeypatch):
    section = (
        README.read_text("utf-8").partition("## googlewallet alone\n")[2].partition("\n## ")[0]
    )
    sample = textwrap.dedent("".join(re.findall(r"(?m)^(?:    .*)?\n", section)))
    made = throwaway.load_or_create(tmp_path / "made", token_uri="http://127.0.0.1:1/token")
    monkeypatch.chdir(tmp_path)
    made.rename("service-account.json")
    names: dict[str, object] = {}
    exec(compile(sample, "README.md", "exec"), names)  # noqa: S102 - our own
    assert names["change"] == {"loyaltyPoints": {"balance": {"int": 8}}}
    assert main(["link", str(names["link"])]) == OK
