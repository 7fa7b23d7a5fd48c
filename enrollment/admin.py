"""The carrier's pages on plans, places, calendars, quotes and applications; each noun has a module of its own."""

from enrollment import (  # noqa: F401 - they register themselves
    admin_applications,
    admin_catalog,
    admin_enrollment_tables,
    admin_evidence,
    admin_geography,
    admin_payments,
    admin_submissions,
    admin_texts,
)
