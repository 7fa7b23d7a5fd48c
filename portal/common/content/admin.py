"""Content in the carrier administration, one module for each kind."""

from portal.common.content import contacts_admin, legal_admin, library_admin, training_admin  # noqa: F401
