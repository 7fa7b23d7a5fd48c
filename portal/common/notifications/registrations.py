"""What notifications put into the kernel's registries."""

from portal.common import navigation
from portal.common.access import Perm
from portal.common.notifications import digest  # noqa: F401 - its outbox handler

navigation.register(
    navigation.Entry(
        label="Notifications",
        url_name="notifications:list",
        perm=Perm.SIGNED_IN,
        order=90,
        under="Messages",
        prefix="/messages/notifications/",
    )
)
