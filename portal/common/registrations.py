"""What the kernel itself puts into its registries, loaded once when Django starts."""

from portal.common import account_menu, audit_chain, monitoring, navigation, outbox
from portal.common.access import Perm
from portal.common.messaging import delivery  # noqa: F401
from portal.common.navigation import Entry

navigation.register(Entry(label="Home", url_name="home", perm=Perm.SIGNED_IN, order=10, icon="house"))
account_menu.register(
    account_menu.Entry(label="Carrier administration", url_name="admin:index", perm=Perm.CARRIER_ADMIN, order=80)
)
monitoring.register("audit", problems=audit_chain.problems, metrics=audit_chain.metrics)
monitoring.register("outbox", problems=outbox.problems, metrics=outbox.metrics)
