from django_ray_runtime.states import DJANGO_STATUS, FINAL, MOVES, WAITING, State, is_allowed


def test_every_state_can_be_reached() -> None:
    assert {move.target for move in MOVES} == set(State)


def test_every_state_that_is_not_final_can_be_left() -> None:
    assert {source for move in MOVES for source in move.sources} >= set(State) - FINAL


def test_success_is_for_good() -> None:
    assert not any(State.SUCCESSFUL in move.sources for move in MOVES)


def test_only_a_requeue_leaves_a_final_state() -> None:
    assert {move.name for move in MOVES if move.sources & FINAL} == {"requeue", "requeue_keyed"}


def test_every_state_has_a_status_in_django() -> None:
    from django.tasks import TaskResultStatus

    assert set(DJANGO_STATUS) == set(State)
    assert set(DJANGO_STATUS.values()) == {status.value for status in TaskResultStatus}


def test_waiting_and_final_states_are_apart() -> None:
    assert not WAITING & FINAL
    assert set(State) - WAITING - FINAL == {State.RUNNING}


def test_only_moves_of_the_table_are_allowed() -> None:
    assert is_allowed(None, State.READY)
    assert is_allowed(State.READY, State.RUNNING)
    assert not is_allowed(State.SCHEDULED, State.RUNNING)
    assert not is_allowed(State.SUCCESSFUL, State.READY)
    assert not is_allowed(None, State.RUNNING)
