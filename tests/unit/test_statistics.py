import numpy as np
import pandas as pd
import pytest
from scipy import stats

from snip.statistics import add_intervals, mean_interval, runs_phrase


def test_interval_is_students():
    values = [2.1, 2.4, 2.2, 2.9]
    found = mean_interval(values)
    test = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found["lower"], found["upper"]) == pytest.approx((test.low, test.high))
    assert found["mean"] == pytest.approx(np.mean(values)) and found["n"] == 4


def test_one_run_has_no_interval():
    assert np.isnan(mean_interval([2.0])["lower"])


def test_intervals_are_those_of_each_group():
    table = pd.DataFrame({"sparsity": [0, 0, 90, 90], "error": [1.0, 3.0, 5.0, 5.0]})
    found = add_intervals(table, ["sparsity"], "error")
    assert found["mean"].tolist() == [2, 2, 5, 5]
    assert found["lower"][2] == found["upper"][2] == 5


@pytest.mark.parametrize(
    ("counts", "phrase"), [([1, 1], "1 run"), ([5, 5], "5 runs"), ([5, 3], "3 to 5 runs")]
)
def test_numbers_of_runs_in_words(counts, phrase):
    assert runs_phrase(counts) == phrase
