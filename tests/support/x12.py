"""Judging 834s with pyx12, an independent validator; and making acknowledgements of them."""

import io
import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyx12.map_if
import pyx12.params
import pyx12.x12n_document

SAMPLES = Path(__file__).parents[1] / "data" / "x12"

logging.getLogger("pyx12").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Judgement:
    """``accepted`` is pyx12's own verdict; ``acknowledgement`` the 999 and TA1 it writes; ``errors`` its findings."""

    accepted: bool
    acknowledgement: str
    errors: Any

    def __bool__(self) -> bool:
        return self.accepted


@cache
def _map(map_file: str, map_path: str | None) -> Any:
    return _load_map_file(map_file, pyx12.params.params(), map_path)


_load_map_file = pyx12.map_if.load_map_file


def judge(text: str) -> Judgement:
    """What pyx12 says of a file. Its maps are loaded once: a fifth of a second each time otherwise."""
    pyx12.map_if.load_map_file = lambda map_file, _param, map_path=None: _map(map_file, map_path)
    try:
        ack, errors = io.StringIO(), io.StringIO()
        accepted = pyx12.x12n_document.x12n_document(
            param=pyx12.params.params(), src_file=io.StringIO(text), fd_997=ack, fd_html=None, fd_json=errors
        )
    finally:
        pyx12.map_if.load_map_file = _load_map_file
    found = errors.getvalue()
    return Judgement(accepted, ack.getvalue(), json.loads(found) if found else None)


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.edi").read_text("ascii")


def segments_of(text: str) -> list[list[str]]:
    """The segments of a file written with the usual delimiters."""
    return [one.strip().split("*") for one in text.split("~") if one.strip()]
