"""People, producers and what lets them in."""

from accounts.models.delegation import DelegateGrant
from accounts.models.producers import HierarchyEdge, Producer, ProducerNumber, StateRegistration
from accounts.models.security import LoginAttempt, OneTimeCode, PasswordHistory, TrustedDevice, TypingProfile
from accounts.models.terms import TermsAcceptance, TermsVersion
from accounts.models.users import User

__all__ = [
    "DelegateGrant",
    "HierarchyEdge",
    "LoginAttempt",
    "OneTimeCode",
    "PasswordHistory",
    "Producer",
    "ProducerNumber",
    "StateRegistration",
    "TermsAcceptance",
    "TermsVersion",
    "TrustedDevice",
    "TypingProfile",
    "User",
]
