"""The simulated payment portal: another program on another origin, to which the portal hands a payer over (PAY_01..10).

It has its own settings, its own WSGI application, its own small database and its own cookies, and shares with the portal
the key that signs what they say to each other, and nothing else. It moves no money: ``network`` stands for the card
networks and the banks. Where it is not used, Stripe Checkout is (``enrollment.payments.gateways``).
"""
