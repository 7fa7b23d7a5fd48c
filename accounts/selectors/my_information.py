"""What My Information shows a person about the own login."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import LoginAttempt, ProducerNumber, User
from accounts.rules.contact_masks import mask_email, mask_phone
from accounts.selectors.own_states import own_states
from accounts.services import devices, open_sessions, typing_patterns
from portal.common.content.selectors import training
from portal.common.dates import today_in

RECENT = 20
METHODS = {
    "email": "Code by email",
    "sms": "Code by text message",
    "totp": "Authenticator app",
    "recovery": "Recovery code",
    "typing": "Typing pattern",
    "device": "Remembered device",
}
TONES = {
    LoginAttempt.Outcome.SIGNED_IN: "success",
    LoginAttempt.Outcome.PASSWORD_RIGHT: "info",
    LoginAttempt.Outcome.PASSWORD_WRONG: "danger",
    LoginAttempt.Outcome.CODE_WRONG: "danger",
    LoginAttempt.Outcome.REFUSED: "warning",
}


@dataclass(frozen=True)
class SessionLine:
    pk: int
    browser: str
    ip_address: str
    signed_in_at: datetime
    last_seen_at: datetime
    is_this_one: bool


@dataclass(frozen=True)
class DeviceLine:
    pk: int
    browser: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True)
class AttemptLine:
    at: datetime
    outcome: str
    tone: str
    method: str
    browser: str
    ip_address: str


@dataclass(frozen=True)
class TypingLine:
    """A kept pattern with the consent it rests on, or what was chosen instead."""

    choice: str
    kept_since: datetime | None = None
    last_used_at: datetime | None = None
    consent_at: datetime | None = None
    notice_version: str = ""
    why_closed: str = ""


def facts(user: User) -> list[tuple[str, str]]:
    """Who one is, in the portal's eyes."""
    lines = [("Name", user.get_full_name()), ("Username", user.username), ("Role", user.get_role_display())]
    return [*lines, ("National Producer Number", user.producer.npn)] if user.producer else lines


def code_destinations(user: User) -> list[tuple[str, str]]:
    """Where codes and notices go, masked (LOG_07)."""
    return [
        ("Email", mask_email(user.security_email) if user.security_email else ""),
        ("Mobile", mask_phone(user.security_mobile) if user.security_mobile else ""),
    ]


def producer_numbers(user: User) -> list[ProducerNumber]:
    return list(user.producer.numbers.order_by("us_state", "number")) if user.producer else []


def certifications(user: User, *, at: datetime) -> list[training.CourseLine]:
    """Required courses of the person's states and every course completed, each with what it is worth (ISS_08)."""
    return training.certifications(user, states=own_states(user), on=today_in(now=at))


def sessions_of(user: User, *, session_key: str | None, at: datetime) -> list[SessionLine]:
    """Browsers in which the person is signed in, the one asking first."""
    lines = [
        SessionLine(
            pk=session.pk,
            browser=devices.describe(session.browser),
            ip_address=session.ip_address or "",
            signed_in_at=session.signed_in_at,
            last_seen_at=session.last_seen_at,
            is_this_one=session.session_key == session_key,
        )
        for session in open_sessions.open_at(user, at=at)
    ]
    return sorted(lines, key=lambda line: not line.is_this_one)


def typing_line(user: User, *, at: datetime) -> TypingLine | None:
    """How the person stands with a typing pattern; None where the method is off and nothing is kept (LOG_13)."""
    profile = typing_patterns.profile_of(user)
    if profile is None:
        return TypingLine(choice=user.typing_choice) if settings.TYPING_PATTERN else None
    return TypingLine(
        choice=user.typing_choice,
        kept_since=profile.enrolled_at,
        last_used_at=profile.last_used_at,
        consent_at=profile.consent_at,
        notice_version=profile.consent_text_version,
        why_closed=typing_patterns.standing_of(profile, at=at).why_closed,
    )


def remembered_devices(user: User, *, at: datetime) -> list[DeviceLine]:
    return [
        DeviceLine(
            pk=device.pk,
            browser=devices.describe(device.browser),
            created_at=device.created_at,
            last_used_at=device.last_used_at,
            expires_at=device.expires_at,
        )
        for device in devices.active(user, at=at)
    ]


def recent_attempts(user: User) -> list[AttemptLine]:
    """The last twenty tries to sign in with this username, right or wrong, the newest first."""
    return [
        AttemptLine(
            at=attempt.at,
            outcome=attempt.get_outcome_display(),
            tone=TONES[LoginAttempt.Outcome(attempt.outcome)],
            method=METHODS.get(attempt.method, ""),
            browser=devices.describe(attempt.browser),
            ip_address=attempt.ip_address or "",
        )
        for attempt in LoginAttempt.objects.filter(user=user)[:RECENT]
    ]
