"""The admin of the queue in the reader's language."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from django_ray_runtime.admin import words
from django_ray_runtime.control import pause_queue
from django_ray_runtime.states import State, WorkerState
from tests.web.catalogues import (
    LOCALES,
    assert_compiled,
    assert_complete,
    assert_nothing_missing,
    makemessages_options,
)
from tests.web.rows import LIST, QUEUES, WORKERS, add, add_failed, add_worker, report

PERIODIC = "/admin/django_ray_runtime/periodictask/"
LIST_SAYS = {
    "en": ["Tasks", "By state", "Past hour", "1 (1 failure)", ">Failed<", "1,200 of 4,800 (25 %)",
           "Cancel selected tasks", "Run time", ">Running<"],
    "pt-br": ["Tarefas", "Por estado", "Última hora", "1 (1 falha)", ">Falhou<",
              "1.200 de 4.800 (25 %)", "Cancelar as tarefas selecionadas", "Tempo de execução",
              ">Em execução<"],
    "es": ["Tareas", "Por estado", "Última hora", "1 (1 fallo)", ">Falló<",
           "1\xa0200 de 4\xa0800 (25 %)", "Cancelar las tareas seleccionadas",
           "Tiempo de ejecución", ">En ejecución<"],
}  # fmt: skip
TASK_SAYS = {
    "en": ["Requeue", "Attempt 1", "Return value", "Last run started", "Output", "Reserves 1 CPU."],
    "pt-br": ["Executar de novo", "Tentativa 1", "Valor de retorno", "Início da última execução",
              "Saída", "Reserva 1 CPU.", ", 1 min 30 s, em host:1:a"],
    "es": ["Ejecutar de nuevo", "Intento 1", "Valor devuelto", "Inicio de la última ejecución",
           "Salida", "Reserva 1 CPU.", ", 1 min 30 s, en host:1:a"],
}  # fmt: skip
QUEUES_SAY = {
    "en": ["Queues", "Ready", "Oldest ready", "Paused", 'aria-label="Resume the queue bulk"'],
    "pt-br": ["Filas", "Na fila", "Espera mais longa", "Em pausa",
              'aria-label="Retomar a fila bulk"'],
    "es": ["Colas", "En espera", "Espera más larga", "En pausa",
           'aria-label="Reanudar la cola bulk"'],
}  # fmt: skip
WORKERS_SAY = {
    "en": ["Workers", ">Active<", "Last heartbeat", "Concurrency", " s ago", "1 worker"],
    "pt-br": ["Workers", ">Ativo<", "Último batimento", "Concorrência", "há ", "1 worker"],
    "es": ["Workers", ">Activo<", "Último latido", "Concurrencia", "hace ", "1 worker"],
}
PERIODIC_SAYS = {
    "en": ["Periodic tasks", "Missed ticks", "Times of UTC.", "Enabled", "Disable "],
    "pt-br": ["Tarefas periódicas", "Vezes perdidas", "Horários de UTC.", "Ativada", "Desativar "],
    "es": ["Tareas periódicas", "Veces perdidas", "Horas de UTC.", "Activada", "Desactivar "],
}
LANGUAGES = ["en", "pt-br", "es"]


def page(client: Client, url: str, language: str) -> str:
    # None asked for: English, whatever this thread showed before.
    headers = {} if language == "en" else {"accept-language": language}
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f'<html lang="{language}"' in html
    return html


def assert_says(html: str, said: dict[str, list[str]], language: str) -> None:
    for text in said[language]:
        assert text in html, text
    if language != "en":
        for text in set(said["en"]) - set(said[language]):
            assert text not in html, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_tasks(admin_client: Client, language: str) -> None:
    add_failed()
    report(add(State.RUNNING), 1200, 4800)
    assert_says(page(admin_client, LIST, language), LIST_SAYS, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_task(admin_client: Client, language: str) -> None:
    html = page(admin_client, f"{LIST}{add_failed().pk}/change/", language)
    done = page(admin_client, f"{LIST}{add(State.SUCCESSFUL).pk}/change/", language)
    assert_says(html + done, TASK_SAYS, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_queues_workers_and_schedules(admin_client: Client, language: str) -> None:
    add(State.READY, queue_name="bulk")
    pause_queue("bulk")
    add_worker()
    assert_says(page(admin_client, QUEUES, language), QUEUES_SAY, language)
    workers = page(admin_client, WORKERS, language)
    assert_says(workers, WORKERS_SAY, language)
    if language != "en":  # a comma, and as many seconds as a busy machine has taken
        assert re.search(r"(há|hace) \d+,\d+ s", workers)
    assert_says(page(admin_client, PERIODIC, language), PERIODIC_SAYS, language)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("pt-br", ["2 tarefas canceladas.", "1 tarefa não foi cancelada: 1 já falhou."]),
        ("es", ["2 tareas canceladas.", "1 tarea no se canceló: 1 ya falló."]),
    ],
)
def test_what_was_done_is_told_in_the_language_and_recorded_in_english(
    admin_client: Client, language: str, told: list[str]
) -> None:
    rows = [add(State.READY), add(State.READY), add_failed()]
    form = {"action": "cancel_selected", "_selected_action": [str(row.pk) for row in rows]}
    answer = admin_client.post(LIST, form, headers={"accept-language": language})
    assert [str(message) for message in get_messages(answer.wsgi_request)] == told
    assert {entry.change_message for entry in LogEntry.objects.all()} == {"Cancelled."}


def test_what_is_not_there_is_told_in_the_language(admin_client: Client) -> None:
    for url, form, told in (
        (QUEUES, {"pause": "gone"}, "Não existe a fila 'gone'. Use uma destas: "),
        (PERIODIC, {"enable": "gone"}, "Não há tarefa periódica 'gone' aqui."),
    ):
        answer = admin_client.post(url, form, headers={"accept-language": "pt-br"})
        *_, message = get_messages(answer.wsgi_request)
        assert str(message).startswith(told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_a_word(language: str) -> None:
    with translation.override(language):
        for state in (*State, *WorkerState):
            assert (words.state(state) == state.capitalize()) == (language == "en")


def test_figures_are_written_as_the_language_does() -> None:
    with translation.override("pt-br"):
        assert words.duration(12.34) == "12,3 s"
        assert words.span(0.5) == "0,5 s"
        assert words.duration(timedelta(minutes=3, seconds=5)) == "3 min 05 s"
        assert words.bounded("x" * 2000, 1000)[1] == "Os primeiros 1.000 de 2.000 caracteres."


@pytest.mark.django_db
def test_names_in_the_language_need_no_migration() -> None:
    with translation.override("pt-br"):
        call_command("makemigrations", "django_ray_runtime", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_catalogue_is_complete_and_compiled(locale: str) -> None:
    assert_complete("django_ray_runtime", locale, at_least=150)
    assert_compiled("django_ray_runtime", locale)


@pytest.mark.slow
def test_nothing_that_the_admin_says_is_missing(tmp_path: Path) -> None:
    options = makemessages_options(1)
    assert_nothing_missing("django_ray_runtime", options, tmp_path, run_in="django_ray_runtime")
