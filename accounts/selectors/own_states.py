"""In which states somebody does business."""

from typing import Any

from accounts.models import ProducerNumber, User
from accounts.scoping import narrowed


def own_states(user: Any) -> list[str]:
    """States of the active numbers of the producer, or of the producers a delegate works for; none for carrier staff.

    A delegate's rights do not matter here: where a business is licensed is no secret of its book. One query.
    """
    if user.role == User.Role.CARRIER_ADMIN:
        return []
    if user.role == User.Role.PRODUCER:
        producers = [user.producer_id]
    else:
        producers = [grant.producer_id for grant in narrowed(user.grants_in_force, user.working_for_id)]
    active = ProducerNumber.objects.filter(producer__in=producers, status=ProducerNumber.Status.ACTIVE)
    return sorted(set(active.values_list("us_state", flat=True)))
