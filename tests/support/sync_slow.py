"""A simulated member system that takes its time, so that a test can kill a worker in the middle of delivering."""

import time
from datetime import timedelta

from clients.membersystem import sweep
from clients.membersystem.gateways.simulated import SimulatedGateway

sweep.LEASE = timedelta(seconds=3)  # what a killed worker held is free again soon


class SlowGateway(SimulatedGateway):
    """Has applied the change for a while before the portal hears of it."""

    def send(self, transactions):
        deliveries = super().send(transactions)
        time.sleep(0.02)
        return deliveries
