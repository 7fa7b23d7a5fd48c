"""Judge the corpus in a process of its own and print what it cost: ``python -m tests.common.files.run_corpus``.

One line of JSON: how many files, the wrong answers, the slowest, and how much memory was taken at the most by the portal's
process (beyond what it had before the first file) and by the largest of those that open the files.
"""

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"

import django

django.setup()

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile  # noqa: E402

from portal.common.files.uploads import UploadRefused, check  # noqa: E402

if TYPE_CHECKING:  # building takes modules, and so memory, that judging does not need
    from tests.common.files.corpus import Case

ROOT = Path(__file__).parents[3]


def on_disk(filename: str, source: Path) -> UploadedFile:
    upload = TemporaryUploadedFile("x", "application/octet-stream", source.stat().st_size, None)
    with source.open("rb") as sent:
        shutil.copyfileobj(sent, upload)
    upload.seek(0)
    # Past the tidying that Django does to names: ours must stand alone.
    upload._name = filename
    return upload


def answer(upload: UploadedFile) -> str:
    try:
        check(upload)
    except UploadRefused as exc:
        return exc.code
    return "ok"


def own_peak_mib() -> float:
    """Of this process alone; what ``getrusage`` says is inherited from the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def judge(folder: Path) -> None:
    cases = json.loads((folder / "cases.json").read_text())
    with on_disk("warm.pdf", folder / "0") as upload:
        answer(upload)
    before = own_peak_mib()
    wrong, times = [], []
    for number, (name, filename, verdict) in enumerate(cases):
        started = time.perf_counter()
        with on_disk(filename, folder / str(number)) as upload:
            given = answer(upload)
        times.append((round(time.perf_counter() - started, 2), name))
        if given != verdict:
            wrong.append([name, verdict, given])
    times.sort(reverse=True)
    figures = {
        "files": len(cases),
        "wrong": wrong,
        "slowest": times[:5],
        "seconds": round(sum(seconds for seconds, _ in times), 1),
        "grown_mib": round(own_peak_mib() - before, 1),
        "largest_child_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def sample() -> "list[Case]":
    """A file of every answer and extension, the same ones in every run."""
    from tests.common.files.corpus import CASES

    alike = defaultdict(list)
    for case in CASES:
        alike[case.verdict, Path(case.filename).suffix.lower()].append(case)
    chosen = random.Random(7)
    return [chosen.choice(cases) for cases in alike.values()]


def run(cases: "Sequence[Case]") -> dict:
    """Build the files in this process, judge them in another: building takes more memory than judging may."""
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            Path(folder, str(number)).write_bytes(case.build())
        told = [[case.name, case.filename, case.verdict] for case in cases]
        Path(folder, "cases.json").write_text(json.dumps(told))
        command = [sys.executable, "-m", "tests.common.files.run_corpus", folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        judge(Path(sys.argv[1]))
    else:
        from tests.common.files.corpus import CASES

        sys.stdout.write(json.dumps(run(CASES), indent=1) + "\n")
