"""What is kept of a person's typing: averages of the timings and keyed sketches, in a compact versioned form.

No raw timings: of every typing only a sketch stays (`liveness.Sketcher`), of all of them together one average per place.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.samples import Floats

MAGIC = b"TYP"
FORMAT = 1
MOST_SKETCHES = 36  # three typings each of enrolment and eleven logins
# Magic, format, parameters' version, text tag, typings, attempts learnt, weights of sessions and typings, clock grid,
# number of averages, of numbers in a sketch, of sketches.
HEADER = struct.Struct("<3sBH8sHHfffHHH")


class TemplateUnreadable(ValueError):
    """Bytes that are no template this version can use; the person has to enrol anew."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Template:
    """Averages (log ms) now and at enrolment, how much they rest on, and sketches of the latest typings.

    `session_weight` and `typing_weight` are sums of squared weights of the sessions and typings averaged: 1 for one session,
    1/3 for three typings. `clock_grid_ms` is the clock they were taken with.
    """

    parameters_version: int
    text: bytes
    mean: Floats
    enrolled_mean: Floats
    typings: int
    learnt: int
    session_weight: float
    typing_weight: float
    clock_grid_ms: float
    sketches: NDArray[np.int16]

    def encode(self) -> bytes:
        """The bytes to keep, which the caller encrypts: under four kilobytes for a sentence of forty keys."""
        count, width = self.sketches.shape
        header = HEADER.pack(
            MAGIC, FORMAT, self.parameters_version, self.text, self.typings, self.learnt,
            self.session_weight, self.typing_weight, self.clock_grid_ms, len(self.mean), width, count,
        )  # fmt: skip
        averages = np.concatenate([self.mean, self.enrolled_mean]).astype("<f4").tobytes()
        return header + averages + self.sketches.astype("<i2").tobytes()

    @classmethod
    def decode(cls, kept: bytes) -> "Template":
        """The template in the bytes of `encode`. Raises ``TemplateUnreadable`` for anything else."""
        if len(kept) < HEADER.size or kept[:3] != MAGIC:
            raise TemplateUnreadable("This is no typing template.")
        (_, form, version, text, typings, learnt, session_weight, typing_weight, grid, places, width, count) = (
            HEADER.unpack_from(kept)
        )
        if form != FORMAT:
            raise TemplateUnreadable(f"Typing templates of format {form} are not known here.")
        averages_end = HEADER.size + 2 * places * 4
        if len(kept) != averages_end + 2 * width * count:
            raise TemplateUnreadable("The typing template is cut short.")
        averages = np.frombuffer(kept[HEADER.size : averages_end], dtype="<f4").astype(float)
        if not np.isfinite(averages).all():
            raise TemplateUnreadable("The typing template holds no numbers.")
        sketches = np.frombuffer(kept[averages_end:], dtype="<i2").astype(np.int16).reshape(count, width)
        return cls(
            parameters_version=version,
            text=text,
            mean=averages[:places],
            enrolled_mean=averages[places:],
            typings=typings,
            learnt=learnt,
            session_weight=session_weight,
            typing_weight=typing_weight,
            clock_grid_ms=grid,
            sketches=sketches,
        )
