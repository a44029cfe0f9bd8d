# The project in one image: web part, worker, Ray's head and nodes, and every command.
#
#   docker build . -t django-on-ray
FROM python:3.13-slim AS builder

WORKDIR /build
COPY requirements.txt requirements.txt
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.13-slim

COPY --from=builder /install /usr/local
# A fixed number, which volumes and Kubernetes can name. It owns /app for what is compiled there.
RUN useradd --uid 10001 --create-home app && mkdir /app /data && chown 10001 /app /data
USER 10001
WORKDIR /app
COPY --chown=10001 manage.py manage.py
COPY --chown=10001 gunicorn.conf.py gunicorn.conf.py
COPY --chown=10001 django_ray_runtime django_ray_runtime
COPY --chown=10001 generation generation
COPY --chown=10001 pages pages
COPY --chown=10001 project project
COPY --chown=10001 ray_services ray_services
COPY --chown=10001 workflows workflows

# Ray's nodes start processes by themselves, which must find the code and the settings too.
ENV PYTHONPATH=/app
ENV DJANGO_SETTINGS_MODULE=project.settings
ENV RESULTS_DIR=/data/results
ENV STATIC_ROOT=/app/static
# The inner loops are compiled here, not when the first request comes.
RUN python manage.py collectstatic --no-input && python -m ray_services.warming

EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "-m", "project.healthcheck"]
CMD ["python", "-m", "gunicorn", "project.asgi", "--bind", "0.0.0.0:8000"]
