"""People, producers and what lets them in."""

from accounts.models.delegation import DelegateGrant
from accounts.models.guards import AuthenticatorDevice, LoginGuard, RecoveryCode, UserSession
from accounts.models.invitations import DelegateInvitation, EmailConfirmation
from accounts.models.producers import HierarchyEdge, Producer, ProducerNumber, RegistrationRequest, StateRegistration
from accounts.models.security import (
    HeldTypingPattern,
    LoginAttempt,
    OneTimeCode,
    PasswordHistory,
    TrustedDevice,
    TypingProfile,
    UsedTypingNonce,
)
from accounts.models.staff import StaffAccount
from accounts.models.terms import TermsAcceptance, TermsVersion
from accounts.models.users import User

__all__ = [
    "AuthenticatorDevice",
    "DelegateGrant",
    "DelegateInvitation",
    "EmailConfirmation",
    "HeldTypingPattern",
    "HierarchyEdge",
    "LoginAttempt",
    "LoginGuard",
    "OneTimeCode",
    "PasswordHistory",
    "Producer",
    "ProducerNumber",
    "RecoveryCode",
    "RegistrationRequest",
    "StaffAccount",
    "StateRegistration",
    "TermsAcceptance",
    "TermsVersion",
    "TrustedDevice",
    "TypingProfile",
    "UsedTypingNonce",
    "User",
    "UserSession",
]
