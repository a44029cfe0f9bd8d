# The project in one image: web part, worker, Ray's head and nodes, and every command.
#
#   docker build . -t django-on-ray
FROM python:3.13-slim AS builder

WORKDIR /build
COPY requirements.txt requirements.txt
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt

FROM python:3.13-slim

COPY --from=builder /install /usr/local
# A fixed number, which volumes and Kubernetes can name. The code stays root's: who gets to write
# files as this user must not write what is run.
RUN useradd --uid 10001 --create-home app && mkdir -p /app/compiled /data
WORKDIR /app
COPY manage.py manage.py
COPY gunicorn.conf.py gunicorn.conf.py
COPY django_ray_runtime django_ray_runtime
COPY generation generation
COPY pages pages
COPY project project
COPY ray_services ray_services
COPY workflows workflows

# Ray's nodes start processes by themselves, which must find the code and the settings too.
ENV PYTHONPATH=/app
ENV DJANGO_SETTINGS_MODULE=project.settings
ENV RESULTS_DIR=/data/results
ENV STATIC_ROOT=/app/static
# numba takes what it finds compiled only where it may write.
ENV NUMBA_CACHE_DIR=/app/compiled
# The inner loops are compiled and the data made here, not when the first request comes.
RUN python manage.py collectstatic --no-input && python -m ray_services.data.make_data && python -m ray_services.warming && python -m compileall -q . && chown -R 10001 /app/compiled /data
USER 10001

EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "-m", "project.healthcheck"]
CMD ["python", "-m", "gunicorn", "project.asgi", "--bind", "0.0.0.0:8000"]
