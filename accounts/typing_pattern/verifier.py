"""Enrol, verify, learn: the one door to the typing pattern (LOG_03, LOG_11, LOG_12; ADR 0027).

`Verifier()` judges any sentence by the shipped parameters. `prepare` gives it people who typed the same text as will be judged,
or many texts: then it measures instead. Scores are natural logarithms of likelihood ratios, greater is more like the owner;
`REFUSED` is what liveness refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern import any_text, liveness, parameters, same_text
from accounts.typing_pattern.features import text_tag
from accounts.typing_pattern.samples import Floats, Timed, remembered
from accounts.typing_pattern.template import MOST_SKETCHES, Template

REFUSED = -1000.0
TYPINGS = 3  # of an enrolment and of an attempt
# Without a key of the portal's own the sketches hide nothing; fit for benchmarks only.
NO_KEY = b"no key"


class CannotEnrol(ValueError):
    """These typings make no template; `finding` says why."""

    def __init__(self, finding: liveness.Finding) -> None:
        super().__init__(liveness.message(finding))
        self.finding = finding


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What became of an attempt. `score` and `threshold` may be logged, `finding` is a code; none of them is for the page."""

    accepted: bool
    score: float
    threshold: float
    finding: liveness.Finding | None
    clock_grid_ms: float
    parameters_version: int
    may_learn: bool


@dataclass(frozen=True, eq=False)
class ManyTexts:
    """A person enrolled with other texts than will be typed; lives in memory only."""

    evidence: any_text.Evidence
    sketches: dict[bytes, NDArray[np.int16]]


class Verifier:
    """Templates, scores and decisions. Holds no person's data; one instance may serve a whole process."""

    def __init__(self, *, sketch_key: bytes = NO_KEY, figures: parameters.Parameters | None = None) -> None:
        self.figures = figures or parameters.shipped()
        self._sketcher = liveness.Sketcher(sketch_key)
        self._texts: dict[bytes, same_text.SameText] = {}
        self._measured: same_text.SameText | None = None
        self._any_text: any_text.AnyText | None = None

    def prepare(self, background: Sequence[Sequence[Timed]]) -> None:
        """Learn from other people: of one text its own statistics, of many texts how people type whatever it is."""
        texts = {tuple(sample.keys) for samples in background for sample in samples}
        if len(texts) == 1:
            self._measured = same_text.SameText(same_text.measured(background))
        else:
            self._any_text = any_text.learnt(background)

    def enrol(self, typings: Sequence[Timed]) -> Template:
        """The template of the typings of one sentence. Raises ``CannotEnrol``, ``TooFewTimings``, ``OtherText``."""
        model = self._model(typings)
        rows = model.scaled(typings)
        sketches = self._sketches(typings)
        finding = liveness.examine(typings, sketches=sketches, sketcher=self._sketcher)
        if finding:
            raise CannotEnrol(finding)
        return self._template(typings, model, model.average(rows), sketches)

    def fit(self, enrolment: Sequence[Timed]) -> Template | ManyTexts:
        """As `enrol`, without refusing anything: for benchmarks and populations of many texts."""
        if self._any_text is not None:
            sketches: dict[bytes, list[NDArray[np.int16]]] = {}
            for sample in enrolment:
                sketches.setdefault(text_tag(tuple(sample.keys)), []).append(self._sketches([sample]))
            kept = {tag: np.concatenate(rows) for tag, rows in sketches.items()}
            return ManyTexts(self._any_text.evidence(enrolment), kept)
        model = self._model(enrolment)
        return self._template(enrolment, model, model.average(model.scaled(enrolment)), self._sketches(enrolment))

    def _template(
        self, typings: Sequence[Timed], model: same_text.SameText, average: Floats, sketches: NDArray[np.int16]
    ) -> Template:
        sessions = len({getattr(sample, "session", 0) for sample in typings})
        mean = model.to_log_ms(average)
        return Template(
            parameters_version=model.population.version,
            text=model.population.text,
            mean=mean,
            enrolled_mean=mean,
            typings=len(typings),
            learnt=0,
            session_weight=1 / sessions,
            typing_weight=1 / len(typings),
            clock_grid_ms=liveness.clock_grid_ms(typings),
            sketches=sketches[-MOST_SKETCHES:],
        )

    def score(self, template: Template | ManyTexts, attempt: Sequence[Timed]) -> float:
        """How much likelier the attempt is from the owner than from anybody (natural logarithm), or ``REFUSED``."""
        return self._judge(template, attempt, None)[0]

    def decide(
        self,
        template: Template | ManyTexts,
        attempt: Sequence[Timed],
        *,
        threshold: float | None = None,
        elapsed_ms: float | None = None,
    ) -> Decision:
        """Accept or refuse an attempt; the working threshold of the parameters unless another is given.

        `elapsed_ms` is the server's time between handing out the sentence and getting the attempt. `may_learn` only says that the
        attempt is far enough above the threshold: the caller learns from it after a code or on a remembered device.
        """
        limit = self.figures.threshold(len(attempt[0].keys)) if threshold is None else threshold
        score, finding = self._judge(template, attempt, elapsed_ms)
        accepted = finding is None and score >= limit
        return Decision(
            accepted=accepted,
            score=round(score, 3),
            threshold=limit,
            finding=finding,
            clock_grid_ms=liveness.clock_grid_ms(attempt),
            parameters_version=self.figures.version,
            may_learn=accepted and score >= limit + self.figures.learn_margin,
        )

    def _judge(
        self, template: Template | ManyTexts, attempt: Sequence[Timed], elapsed_ms: float | None
    ) -> tuple[float, liveness.Finding | None]:
        if isinstance(template, ManyTexts):
            return self._judge_many_texts(template, attempt, elapsed_ms)
        model = self._model(attempt)
        if template.text != model.population.text:
            raise same_text.OtherText("This template is for another text.")
        average = self._average(model, attempt)
        finding = self._liveness(attempt, average, elapsed_ms) or self._replayed(template.sketches, attempt)
        if finding:
            return REFUSED, finding
        score = model.log_likelihood_ratio(
            model.from_log_ms(template.mean),
            average,
            session_weight=template.session_weight,
            typing_weight=template.typing_weight,
            typings=len(attempt),
            learnt=template.learnt,
        )
        copying = remembered(attempt, "copying", lambda: liveness.evidence_of_copying(attempt))
        return score + copying, None

    def _judge_many_texts(
        self, template: ManyTexts, attempt: Sequence[Timed], elapsed_ms: float | None
    ) -> tuple[float, liveness.Finding | None]:
        if self._any_text is None:
            raise same_text.OtherText("This template needs the population it was made with.")
        finding = self._liveness(attempt, None, elapsed_ms)
        for sample in attempt if finding is None else ():
            tag = text_tag(tuple(sample.keys))
            if tag in template.sketches:
                finding = finding or self._replayed(template.sketches[tag], [sample])
        if finding:
            return REFUSED, finding
        return self._any_text.log_likelihood_ratio(template.evidence, self._any_text.evidence(attempt)), None

    def update(self, template: Template | ManyTexts, attempt: Sequence[Timed]) -> Template | ManyTexts:
        """The template with an accepted attempt mixed in; unchanged where it would move too far from the enrolment.

        Call it only for attempts of which `decide` said `may_learn`, in a session that something else has verified.
        """
        if isinstance(template, ManyTexts):
            if self._any_text is None:
                raise same_text.OtherText("This template needs the population it was made with.")
            both = any_text.merged(self._any_text, template.evidence, self._any_text.evidence(attempt))
            return replace(template, evidence=both)
        model = self._model(attempt)
        if template.text != model.population.text:
            raise same_text.OtherText("This template is for another text.")
        step = max(1 / (template.learnt + 2), same_text.STEP)
        mean = (1 - step) * model.from_log_ms(template.mean) + step * self._average(model, attempt)
        if model.drift(mean, model.from_log_ms(template.enrolled_mean)) > same_text.MOST_DRIFT:
            return template
        return replace(
            self.remember(template, attempt),
            parameters_version=model.population.version,
            mean=model.to_log_ms(mean),
            learnt=min(template.learnt + 1, 65_535),
            session_weight=(1 - step) ** 2 * template.session_weight + step**2,
            typing_weight=(1 - step) ** 2 * template.typing_weight + step**2 / len(attempt),
        )

    def remember(self, template: Template, attempt: Sequence[Timed]) -> Template:
        """The template that knows these typings again, without having learnt from them.

        For every accepted attempt that `update` is not called for: else it could be sent again.
        """
        # Those of the enrolment stay; after them the latest.
        first, later = template.sketches[:TYPINGS], template.sketches[TYPINGS:]
        later = np.concatenate([later, self._sketches(attempt)])[-(MOST_SKETCHES - TYPINGS) :]
        return replace(template, sketches=np.concatenate([first, later]))

    def _model(self, samples: Sequence[Timed]) -> same_text.SameText:
        keys = tuple(samples[0].keys)
        tag = text_tag(keys)
        if self._measured is not None and self._measured.population.text == tag:
            return self._measured
        if tag not in self._texts:
            if len(self._texts) >= 64:
                self._texts.clear()
            self._texts[tag] = same_text.SameText(self.figures.population(keys))
        return self._texts[tag]

    def _average(self, model: same_text.SameText, samples: Sequence[Timed]) -> Floats:
        return remembered(samples, ("average", model), lambda: model.average(model.scaled(samples)))

    def _sketches(self, samples: Sequence[Timed]) -> NDArray[np.int16]:
        return remembered(samples, ("sketch", self._sketcher.key), lambda: self._sketcher.sketch(samples))

    def _liveness(
        self, attempt: Sequence[Timed], average: Floats | None, elapsed_ms: float | None
    ) -> liveness.Finding | None:
        def look() -> liveness.Finding | None:
            one_text = average is not None
            return liveness.examine(
                attempt,
                sketches=self._sketches(attempt) if one_text else None,
                sketcher=self._sketcher if one_text else None,
                scaled_mean=average,
                elapsed_ms=elapsed_ms,
            )

        name: tuple[Any, ...] = (
            "liveness",
            self._sketcher.key,
            None if average is None else average.tobytes(),
            elapsed_ms,
        )
        return remembered(attempt, name, look)

    def _replayed(self, kept: NDArray[np.int16], attempt: Sequence[Timed]) -> liveness.Finding | None:
        return liveness.replayed(self._sketches(attempt), kept, self._sketcher)
