"""The breaker and the retry budget, by a clock of the test's own."""

import pytest

from mesh.breaker import Breaker, RetryBudget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(threshold=3, pause_s=1.0, now=clock)


def test_a_few_failures_leave_it_closed(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    assert breaker.admits()


def test_a_success_starts_the_count_anew(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.admits()


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.failed()
    assert not breaker.admits()


def test_calls_that_were_under_way_together_are_one_failure(breaker: Breaker, clock: Clock) -> None:
    clock.now = 2.0
    for began in (1.0, 1.1, 1.2, 1.9):
        breaker.broke_off(began)
    assert breaker.admits()
    for began in (2.1, 3.1):
        clock.now = began + 0.5
        breaker.broke_off(began)
    assert not breaker.admits()


def test_while_open_one_trial_goes_out_at_a_time(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        breaker.failed()
    clock.now += 1.3
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert not breaker.admits()
    clock.now += 1.3
    assert breaker.admits()
    breaker.succeeded()
    assert [breaker.admits() for _ in range(3)] == [True, True, True]


def test_trials_of_many_callers_are_spread(clock: Clock) -> None:
    breakers = [Breaker(threshold=1, now=clock) for _ in range(200)]
    for breaker in breakers:
        breaker.failed()
    clock.now = 1.0
    admitted = sum(breaker.admits() for breaker in breakers)
    assert 20 < admitted < 180


def test_the_budget_allows_a_burst_and_then_a_share_of_the_calls() -> None:
    budget = RetryBudget(share=0.1, burst=3)
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]
    for _ in range(20):
        budget.called()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_the_budget_saves_no_more_than_its_burst() -> None:
    budget = RetryBudget(share=0.5, burst=2)
    for _ in range(100):
        budget.called()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
