"""Several trainings at once: the same results as one after the other."""

import threading
import time

import pytest

import lava_sfdfa as ls
from lava_sfdfa.errors import Stopped
from lava_sfdfa.training import side_by_side
from lava_sfdfa.training.display import Silence
from lava_sfdfa.training.side_by_side import side_by_side as run_jobs

SETTINGS = {"hidden": [20], "epochs": 1, "limit": 300, "seeds": 3}


def test_trainings_at_once_reach_the_digests_of_trainings_in_turn(monkeypatch):
    def digests(cores):
        monkeypatch.setattr(side_by_side, "n_cores", lambda: cores)
        runs = ls.compare("digits", feedback=("sfdfa", "random"), **SETTINGS).runs
        return [(run.feedback, run.seed, run.digest) for run in runs]

    together = digests(4)
    assert len(set(together)) == 6
    assert together == digests(1)


def test_jobs_run_at_once_and_give_their_results_in_order(monkeypatch):
    monkeypatch.setattr(side_by_side, "n_cores", lambda: 2)
    both = threading.Barrier(2, timeout=10)  # breaks where one waits for the other

    def job(number):
        return lambda display: both.wait() * 0 + number

    assert run_jobs([("a", job(1)), ("b", job(2))], Silence()) == [1, 2]


def endless(display):
    while True:
        display.advance(1, {})
        time.sleep(0.001)


def failing(display):
    raise ls.InputError("this one fails")


@pytest.mark.parametrize("jobs", [[endless, failing], [failing, endless]])
def test_where_one_fails_the_others_are_ended(monkeypatch, jobs):
    monkeypatch.setattr(side_by_side, "n_cores", lambda: 2)
    with pytest.raises(ls.InputError, match="this one fails"):
        run_jobs([(str(job), job) for job in jobs], Silence())


def test_ctrl_c_ends_all_and_says_what_is_left(monkeypatch, tmp_path):
    def interrupted(futures, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "wait", interrupted)
    for out, left in ((None, "nothing was written"), (tmp_path, "hold the last full")):
        with pytest.raises(Stopped, match=left):
            ls.compare("digits", feedback="sfdfa", out=out, **SETTINGS)
