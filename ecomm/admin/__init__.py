"""The carrier's work queues, one module for each kind of message."""

from ecomm.admin import documents, issues, questions  # noqa: F401
