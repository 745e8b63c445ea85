"""What `check` proves of a plan: whole ones pass, and every kind of damage is seen."""

import dataclasses

import numpy as np
import pytest

import lava_sfdfa as ls
from lava_sfdfa.deploy.plan.check import check_content
from lava_sfdfa.errors import CheckError


@pytest.fixture(scope="module")
def plans():
    """A network on one core and one on several, each with both modes; the last one
    is on several cores and learns."""
    small = ls.train("digits", hidden=[30], epochs=1, limit=60)
    wide = ls.train("digits", hidden=[900], epochs=1, limit=5)
    found = [
        small.compile(board="oheo-gulch", mode="learning"),
        small.compile(board="kapoho-bay", mode="inference"),
        wide.compile(board="oheo-gulch", mode="inference"),
        wide.compile(board="oheo-gulch", mode="learning"),
    ]
    assert [plan.report.cores > 1 for plan in found] == [False, False, True, True]
    return found


def test_whole_plans_pass(plans):
    for plan in plans:
        plan.check()


def set_one(name, where, value):
    def edit(arrays):
        arrays[name][where] = value(arrays[name]) if callable(value) else value

    return edit


def swap_axons(arrays):
    arrays["axon_out_axon"][[0, -1]] = arrays["axon_out_axon"][[-1, 0]]


def shorten(arrays):
    arrays["weights"] = arrays["weights"][:-1]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_one("slice_begin", 0, 1), "do not hold each of its"),
        (set_one("slice_end", -1, 5), "do not hold each of its"),
        (set_one("core_place", 0, lambda a: a[1]), "two cores stand on one place"),
        (set_one("core_place", 0, 120), "stands outside the 120 places"),
        (set_one("core_chip", 0, 1), "the chip of a core is not that of its place"),
        (set_one("slice_core", 0, 99), "is on an unknown core"),
        (set_one("core_use", (0, 1), 10**6), "uses more than a core of loihi2 has"),
        (set_one("axon_in_source", 0, 7), "comes from another neuron"),
        (swap_axons, "one to one|comes from another neuron"),
        (shorten, "has not as many weights"),
    ],
)
def test_damage_is_seen(plans, edit, message):
    content = plans[-1].content
    arrays = {name: array.copy() for name, array in content.arrays.items()}
    check_content(dataclasses.replace(content, arrays=arrays))
    edit(arrays)
    with pytest.raises(CheckError, match=message):
        check_content(dataclasses.replace(content, arrays=arrays))


def test_facts_that_do_not_go_together_are_seen(plans):
    content = plans[0].content
    for facts, message in (
        ({"mode": "dream"}, "mode must be one of"),
        ({"chip": "loihi1"}, "chip and board do not go together"),
    ):
        wrong = dataclasses.replace(content, facts={**content.facts, **facts})
        with pytest.raises(CheckError, match=message):
            check_content(wrong)


def test_a_check_reads_no_more_than_it_needs(plans):
    """It leaves the arrays as they are."""
    content = plans[-1].content
    before = {name: array.copy() for name, array in content.arrays.items()}
    check_content(content)
    for name, array in before.items():
        np.testing.assert_array_equal(content.arrays[name], array)
