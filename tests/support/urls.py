"""Walking the URLconf: every address of the portal with the view behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    name: str  # with its namespace, such as clients:detail; empty when it has none
    route: str
    view: Any

    @property
    def is_admin(self) -> bool:
        return self.route.startswith("admin/")


def addresses(patterns: list[URLPattern | URLResolver] | None = None) -> list[Address]:
    return list(_walk(get_resolver().url_patterns if patterns is None else patterns, "", ""))


def _walk(patterns: list[URLPattern | URLResolver], route: str, namespace: str) -> Iterator[Address]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, here, inner)
        else:
            yield Address(f"{namespace}{pattern.name}" if pattern.name else "", here, pattern.callback)
