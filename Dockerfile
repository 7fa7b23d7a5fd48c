# The portal's image: web, worker, beat and migrate are the same image with different commands (docker-compose.yml).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.prod \
    STATIC_ROOT=/app/staticfiles \
    PORTAL_RUNTIME_DIR=/var/lib/portal

# What WeasyPrint needs for ID cards (scripts/bootstrap.py names the same packages).
RUN apt-get update && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app

# Packages first: they change less often than the code. Every one is pinned by hash.
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt

COPY . .
# Static files are part of the image. No secret is: these are thrown away when the command ends.
RUN python scripts/with_throwaway_secrets.py python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q portal accounts clients enrollment ecomm reporting

RUN useradd --system --uid 10001 --home-dir /var/lib/portal --create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0750 /var/lib/portal/files /var/lib/portal/beat \
    && install -d -o portal -g portal -m 0700 /var/lib/portal/x12 /var/lib/portal/payment-service
USER portal

EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "scripts/healthcheck.py"]

# Two threads a worker: more lose to the interpreter lock at every query. For more requests, more workers or machines.
# How many connections each takes is in gunicorn.conf.py.
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "2", \
     "--worker-tmp-dir", "/dev/shm", "--graceful-timeout", "30", "--access-logfile", "-"]
