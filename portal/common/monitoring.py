"""What the portal says about itself to machines, as a registry: each app adds its problems and its metrics.

Neither says anything about anybody: problems are codes, metrics are numbers of things.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One gauge: what it measures in one sentence, and a value for each set of labels (an empty one for none)."""

    name: str
    help: str
    samples: Mapping[Labels, float]


Problems = Callable[[], Iterable[str]]
Metrics = Callable[[], Iterable[Metric]]

_problems: dict[str, Problems] = {}
_metrics: dict[str, Metrics] = {}


def register(name: str, *, problems: Problems | None = None, metrics: Metrics | None = None) -> None:
    """Add one part's problems (codes, none when all is well) and metrics. Both are read at every request."""
    if problems is not None:
        _problems[name] = problems
    if metrics is not None:
        _metrics[name] = metrics


def all_problems() -> list[str]:
    """What does not go as it should, everywhere: codes in alphabetical order."""
    return sorted(code for ask in _problems.values() for code in ask())


def exposition() -> str:
    """All metrics in the text format of Prometheus, version 0.0.4."""
    lines: list[str] = []
    for metric in sorted((metric for ask in _metrics.values() for metric in ask()), key=lambda metric: metric.name):
        lines += [f"# HELP {metric.name} {_escaped(metric.help)}", f"# TYPE {metric.name} gauge"]
        for labels, value in metric.samples.items():
            named = ",".join(f'{name}="{_escaped(text, quotes=True)}"' for name, text in labels)
            lines.append(f"{metric.name}{f'{{{named}}}' if named else ''} {as_number(value)}")
    return "".join(f"{line}\n" for line in lines)


def as_number(value: float) -> str:
    """The shortest text that is exactly this number."""
    return repr(float(value)).removesuffix(".0")


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text
