"""Changing many rows, each in a transaction and under a lock of its own."""

from contextlib import AbstractContextManager, nullcontext

from django.apps import apps


def one_by_one() -> AbstractContextManager[None]:
    """Say that the loop inside reads row by row on purpose; tests and development take that for an N+1 otherwise.

    Only for acts on what a person has picked, such as the actions of the administration, never for lists.
    """
    if not apps.is_installed("zeal"):
        return nullcontext()
    from zeal import zeal_ignore

    ignored: AbstractContextManager[None] = zeal_ignore()
    return ignored
