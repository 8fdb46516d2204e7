"""Shows the report of a run in a notebook: what the command ``spanwise report`` writes, in a frame."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path

from .errors import InputError

#: Names the command where it is not called ``spanwise`` on PATH: "node /path/to/dist/spanwise.js".
COMMAND_VARIABLE = "SPANWISE_COMMAND"

#: A run of 126 layers takes some 20 s.
TIME_LIMIT_S = 300


class Report:
    """A report as notebooks display it; ``html`` is the document, which can be saved and opened by itself."""

    def __init__(self, html: str, height: int) -> None:
        self.html = html
        self.height = height

    def _repr_html_(self) -> str:
        """The frame keeps the report's own script and style away from the notebook's."""
        return (
            f'<iframe srcdoc="{escape(self.html, quote=True)}" sandbox="allow-scripts" title="Spanwise report"'
            f' style="width: 100%; height: {self.height}px; border: 0"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the report as one HTML file."""
        Path(path).write_text(self.html, encoding="utf-8")


def show(
    run: str | os.PathLike[str],
    workspace: str | os.PathLike[str] | None = None,
    plan: str | os.PathLike[str] | None = None,
    height: int = 900,
) -> Report:
    """Returns the report of a run, which a notebook shows where it ends a cell.

    ``run`` is a run's folder or its id in ``workspace`` (the command's own choice: SPANWISE_HOME, or ``.spanwise`` here).
    ``plan`` is a plan.json that the report is about first; ``height`` is in CSS pixels. Raises InputError where the
    command is not found or refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.html"
        line = [*command(), "report", os.fspath(run), "--out", str(out)]
        if workspace is not None:
            line += ["--home", os.fspath(workspace)]
        if plan is not None:
            line += ["--plan", os.fspath(plan)]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=TIME_LIMIT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{shlex.join(line[:2])}: {error}; set {COMMAND_VARIABLE} to the command") from error
        if done.returncode != 0:
            raise InputError(done.stderr.strip() or f"spanwise report ended with {done.returncode}")
        return Report(out.read_text(encoding="utf-8"), height)


def command() -> list[str]:
    """The words that start the command of Spanwise. Raises InputError where there is none."""
    named = os.environ.get(COMMAND_VARIABLE, "")
    if named.strip():
        return shlex.split(named)
    found = shutil.which("spanwise")
    if found is not None:
        return [found]
    raise InputError(
        "spanwise: no such command on PATH; install it (npm install -g --ignore-scripts spanwise-0.1.0.tgz), or set "
        f'{COMMAND_VARIABLE}, such as "node /path/to/spanwise/dist/spanwise.js"'
    )
