"""The files of temporary ID cards: rendered by workers, put together, forgotten. On nobody's behalf.

Both handlers may run twice, and beside one another: each looks at the rows again, under lock, before it writes.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from clients.idcards import bundles, rendering
from clients.idcards.content import Card, CardRefused
from clients.idcards.gathering import card_data, pcps
from clients.models import IdCardOrder, IdCardRequest
from clients.rules.id_cards import card_day
from clients.services.id_cards import BUNDLE, RENDER, owe_bundle
from portal.common import outbox
from portal.common.dates import today_in
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.uploads import CheckedFile

logger = structlog.get_logger(__name__)
State, Bundle = IdCardRequest.State, IdCardOrder.Bundle
AGAIN = "It has not worked yet. It is being tried again by itself."
GIVEN_UP = "The card could not be made."
NO_BUNDLE = "The cards could not be put into one file. Each of them can be downloaded."
CHUNK = 200


@outbox.handler(RENDER, on_dead=lambda payload: _render_given_up(payload))
def render_card(payload: dict[str, Any]) -> None:
    """Make the file of one card, unless it was stopped or made meanwhile."""
    request = (
        IdCardRequest.objects.select_related("policy__account", "member", "requested_by", "order")
        .filter(pk=payload["request_id"], state=State.REQUESTED)
        .first()
    )
    if request is None or (request.order and request.order.cancelled_at):
        return
    now = timezone.now()
    try:
        pdf = rendering.render([card_for(request, now)])
    except (CardRefused, rendering.CannotRender) as exc:
        # Trying again by itself would not help; a person sees why and tries when it was put right.
        logger.error("id card not made", request_id=request.pk, error=type(exc).__name__)
        _finish(request, now, state=State.FAILED, failure=str(exc)[:300])
        return
    except Exception:
        IdCardRequest.objects.filter(pk=request.pk, state=State.REQUESTED).update(failure=AGAIN)
        raise
    with transaction.atomic():
        # The order first, as everybody does: two that took the rows the other way round would wait for each other.
        list(IdCardOrder.objects.select_for_update().filter(pk=request.order_id or 0))
        if not IdCardRequest.objects.select_for_update().filter(pk=request.pk, state=State.REQUESTED).exists():
            return
        name = f"temporary-id-card-{secrets.token_hex(5)}.pdf"
        file = keep(pdf, name=name, content_type="application/pdf", by=request.requested_by, at=now)
        _finish(request, now, state=State.READY, failure="", file=file)
    logger.info("id card made", request_id=request.pk)


def card_for(request: IdCardRequest, now: datetime) -> Card:
    """The content of one card as of ``now``. Raises ``CardRefused``."""
    policy, today = request.policy, today_in(request.policy.us_state, now=now)
    key = (request.policy_id, request.member_id)
    on = card_day(effective_date=policy.effective_date, today=today)
    pcp = pcps({key: on}).get(key) if policy.requires_pcp else None
    return card_data([policy]).card(policy, request.member, pcp=pcp, today=today)


def _render_given_up(payload: dict[str, Any]) -> None:
    request = IdCardRequest.objects.filter(pk=payload["request_id"], state=State.REQUESTED).first()
    if request is not None:
        _finish(request, timezone.now(), state=State.FAILED, failure=GIVEN_UP)


@transaction.atomic
def _finish(request: IdCardRequest, now: datetime, **values: Any) -> None:
    """End one card; whoever ends the last one of an order owes the file of all. The order's row makes them take turns."""
    order = IdCardOrder.objects.select_for_update().filter(pk=request.order_id or 0).first()
    IdCardRequest.objects.filter(pk=request.pk).update(finished_at=now, **values)
    if order is None or not order.bundle or order.cancelled_at:
        return
    cards = IdCardRequest.objects.filter(order=order)
    if not cards.filter(state=State.REQUESTED).exists() and cards.filter(state=State.READY).exists():
        owe_bundle(order)


@outbox.handler(BUNDLE, on_dead=lambda payload: _bundle_given_up(payload))
def bundle_order(payload: dict[str, Any]) -> None:
    """Put the ready cards of an order into one file, unless it was stopped or done meanwhile."""
    order = IdCardOrder.objects.filter(pk=payload["order_id"], file=None, cancelled_at=None, forgotten_at=None).first()
    if order is None:
        return
    cards = list(order.requests.filter(state=State.READY).select_related("file").order_by("id"))
    if any(card.file and card.file.scan == StoredFile.Scan.PENDING for card in cards):
        raise outbox.NotYet("The cards are being scanned.", wait=timedelta(seconds=5))
    contents = [_bytes_of(card.file) for card in cards if card.file]
    content, name, content_type = _bundled(order, contents)
    with transaction.atomic():
        locked = IdCardOrder.objects.select_for_update().filter(pk=order.pk, file=None, cancelled_at=None).first()
        if locked is None:
            return
        locked.file = keep(content, name=name, content_type=content_type, by=locked.requested_by, at=timezone.now())
        locked.failure = ""
        locked.save(update_fields=["file", "failure"])


def _bundled(order: IdCardOrder, contents: Sequence[bytes]) -> tuple[bytes, str, str]:
    name = f"temporary-id-cards-{secrets.token_hex(5)}"
    if order.bundle == Bundle.ZIP:
        named = [(f"temporary-id-card-{place:03}.pdf", content) for place, content in enumerate(contents, start=1)]
        return bundles.zipped(named), f"{name}.zip", "application/zip"
    return bundles.merged(contents), f"{name}.pdf", "application/pdf"


def _bundle_given_up(payload: dict[str, Any]) -> None:
    IdCardOrder.objects.filter(pk=payload["order_id"], file=None).update(failure=NO_BUNDLE)


def _bytes_of(stored: StoredFile) -> bytes:
    with store.open_file(stored) as source:
        return source.read()


def keep(content: bytes, *, name: str, content_type: str, by: User, at: datetime) -> StoredFile:
    """Store what was made here like everything else: encrypted, under a random name, scanned where a scanner is set up."""
    upload = InMemoryUploadedFile(BytesIO(content), None, name, content_type, len(content), None)
    checked = CheckedFile(
        name=name, content_type=content_type, size=len(content), sha256=sha256(content).hexdigest(), upload=upload
    )
    return store.keep(checked, by=by, at=at)


def forget_old_files(*, now: datetime) -> int:
    """Delete the files of temporary cards older than ``ID_CARD_FILES_KEEP_DAYS``; the rows stay. Returns how many orders."""
    before = now - timedelta(days=settings.ID_CARD_FILES_KEEP_DAYS)
    old = IdCardOrder.objects.filter(
        kind=IdCardOrder.Kind.TEMPORARY, forgotten_at=None, requested_at__lt=before
    ).order_by("requested_at")
    count = 0
    for order_id in list(old.values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            order = IdCardOrder.objects.select_for_update().filter(pk=order_id, forgotten_at=None).first()
            if order is None:
                continue
            IdCardRequest.objects.filter(order=order, state=State.REQUESTED).update(
                state=State.CANCELLED, finished_at=now
            )
            files = [card.file for card in order.requests.select_related("file")]
            for file in (order.file, *files):
                if file is not None:
                    store.remove(file, at=now)
            order.forgotten_at = now
            order.save(update_fields=["forgotten_at"])
            count += 1
    return count
