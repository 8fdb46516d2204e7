"""A run's report in a notebook: what the command writes, in a frame of its own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

import spanwise
from spanwise.errors import InputError
from spanwise.notebook import COMMAND_VARIABLE

#: Stands for the command: writes what it was asked into the file that it was to write.
FAKE = """
import sys
words = sys.argv[1:]
if "missing" in words:
    sys.exit("error: run missing: not found")
with open(words[words.index("--out") + 1], "w", encoding="utf-8") as file:
    file.write("<p title='a'>\\"" + " ".join(words[:2]) + "\\" & " + " ".join(words[4:]) + "</p>")
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    monkeypatch.setenv(COMMAND_VARIABLE, shlex.join([sys.executable, str(script)]))


@pytest.mark.usefixtures("command")
def test_shows_the_report_of_a_run_in_a_frame(tmp_path: Path) -> None:
    report = spanwise.show("a-run", workspace=tmp_path, plan="plan.json", height=500)
    assert report.html == f"<p title='a'>\"report a-run\" & --home {tmp_path} --plan plan.json</p>"
    shown = report._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;p title=&#x27;a&#x27;&gt;&quot;report a-run&quot; &amp; --home')
    assert 'sandbox="allow-scripts"' in shown
    assert "height: 500px" in shown


@pytest.mark.usefixtures("command")
def test_saves_the_same_document(tmp_path: Path) -> None:
    report = spanwise.show(Path("a-run"))
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == report.html


@pytest.mark.usefixtures("command")
def test_says_what_the_command_says() -> None:
    with pytest.raises(InputError, match="error: run missing: not found"):
        spanwise.show("missing")


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(COMMAND_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=f"no such command on PATH; install it .* or set {COMMAND_VARIABLE}"):
        spanwise.show("a-run")
    monkeypatch.setenv(COMMAND_VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(InputError, match=f"set {COMMAND_VARIABLE} to the command"):
        spanwise.show("a-run")
