"""Panels of the home page as a registry: each app brings its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from portal.common.access import Perm


@dataclass(frozen=True)
class Panel:
    """One panel: ``context`` is asked only for people who hold ``perm``."""

    name: str
    template: str
    perm: Perm
    order: int
    context: Callable[[HttpRequest], dict[str, Any]]


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    _panels[panel.name] = panel


def panels_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Template name and finished context of every panel this person may see, in order."""
    user: Any = request.user
    shown = sorted((panel for panel in _panels.values() if user.has_portal_perm(panel.perm)), key=lambda p: p.order)
    return [{"name": panel.name, "template": panel.template, **panel.context(request)} for panel in shown]
