"""Addresses below a job's."""

from django.urls import path

from pages.games import hits, job, progress, shares

urlpatterns = [
    path("", job.job_page, name="job"),
    path("progress/", progress.progress, name="job_progress"),
    path("events/", progress.events, name="job_events"),
    path("cancel/", job.cancel, name="cancel_job"),
    path("again/", job.again, name="job_again"),
    path("hits/", hits.check, name="check_draw"),
    path("hits/<uuid:result_id>/", hits.answer, name="draw_answer"),
    path("share/", shares.share, name="share_job"),
    path("share/<uuid:link_id>/revoke/", shares.revoke, name="revoke_link"),
]
