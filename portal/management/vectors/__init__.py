"""Checkers for tables of expected values, one per rule.

A new table joins by a module with one ``Checker`` and a line here. Modules must import without a database.
"""

from portal.management.vectors import ages, policy_status, premium, sep
from portal.management.vectors.checker import Checker

CHECKERS: dict[str, Checker] = {
    checker.name: checker for checker in (ages.CHECKER, policy_status.CHECKER, premium.CHECKER, sep.CHECKER)
}
