"""The payment portal as a WSGI application: ``gunicorn enrollment.payment_service.wsgi --workers 1 --threads 4``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "enrollment.payment_service.settings"

application = get_wsgi_application()

from enrollment.payment_service.desk import the_desk  # noqa: E402 - it reads the settings
from enrollment.payment_service.options import options  # noqa: E402
from enrollment.payment_service.runner import Runner  # noqa: E402

runner = Runner(the_desk(), options().secret).start()
