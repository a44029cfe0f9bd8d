# The project: web part, worker and commands in one image.
#
#   docker build . -t django-on-ray
FROM python:3.13-slim

WORKDIR /app
COPY requirements.txt requirements.txt
RUN pip install --no-cache-dir -r requirements.txt

COPY manage.py manage.py
COPY django_ray_runtime django_ray_runtime
COPY generation generation
COPY pages pages
COPY project project
COPY ray_services ray_services
COPY workflows workflows
RUN useradd --system --create-home app && mkdir /data && chown -R app /app /data
USER app

ENV RESULTS_DIR=/data/results
ENV STATIC_ROOT=/app/static
RUN python manage.py collectstatic --no-input
# The inner loops are compiled here, not when the first request comes.
RUN python -m ray_services.warming

EXPOSE 8000
CMD ["python", "-m", "gunicorn", "project.asgi", "--worker-class", "asgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--no-control-socket", "--access-logfile", "-"]
