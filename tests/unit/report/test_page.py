import numpy as np
import pandas as pd
import pytest
from PIL import Image

import drawings
from helpers import REPOSITORY
from snip.report.charts import chart
from snip.report.page import picture, published_table, statement
from snip.tables.published import compare


def test_a_published_error_without_runs_of_ours_says_so():
    plain = {"optimizer": "sgd", "initialisation": "variance-scaling"}
    settings = {"lenet-300-100": {"mnist": {"paper": plain}}}
    published = compare(drawings.table_of_runs(), settings, "test_error")
    table = published_table(published)
    ours = table[table["n"] > 0]
    assert ours["paper"].tolist() == ["Figure 3", "Table 1"]
    assert ours[["n", "our iterations"]].to_numpy().tolist() == [[2, 20], [2, 20]]
    others = table.loc[table["n"] == 0, "ours (%), [95 %]"]
    assert set(others) == {"not in this study"}


def test_a_picture_is_shrunk_to_the_page_in_its_proportions(tmp_path):
    Image.fromarray(np.zeros((300, 2800, 3), np.uint8)).save(tmp_path / "wide.png")
    shown = picture(tmp_path / "wide.png")
    assert (shown["width"], shown["height"]) == (1400, 150)
    assert shown["source"].startswith("data:image/webp;base64,")


def test_a_chart_has_every_run_where_its_error_says():
    own = pd.DataFrame({"sparsity": [0, 0, 90], "error": [1.0, 2.0, 3.0], "seed": [0, 1, 0]})
    published = pd.DataFrame({"sparsity": [90], "error": [2.0]})
    drawn = chart("LeNet", "sparsity", {"ours": own, "published": published})
    (low, bottom), *_, (high, top) = [(float(text), y) for y, text in drawn["y"]]
    heights = {e: bottom + (top - bottom) * (e - low) / (high - low) for e in (1.0, 1.5, 2.0)}
    ours, theirs = drawn["series"]
    assert ours["points"][0]["runs"] == pytest.approx([heights[1.0], heights[2.0]], abs=0.01)
    assert ours["points"][0]["y"] == pytest.approx(heights[1.5], abs=0.01)
    assert ours["points"][1]["bar"] is None
    assert theirs["points"][0]["y"] == pytest.approx(heights[2.0], abs=0.01)
    assert "seed 0: 1.00, seed 1: 2.00" in ours["points"][0]["label"]
    assert ours["points"][1]["x"] == theirs["points"][0]["x"] == 80 + 520 * 0.9


def test_sizes_of_pruning_batches_stand_by_their_powers_of_ten():
    ours = pd.DataFrame({"batch_size": [1, 100, 1000, 10000, "all"], "error": 1.5})
    others = pd.DataFrame({"batch_size": [1, 10000], "error": 1.5})
    drawn = chart("LeNet", "batch_size", {"ours": ours, "others": others})
    assert [text for _, text in drawn["x"]] == ["1", "100", "1000", "10000", "all"]
    x = [place for place, _ in drawn["x"]]
    one, hundred, thousand, *_ = x
    assert x == sorted(x) and hundred - one == pytest.approx(2 * (thousand - hundred), abs=0.02)


@pytest.mark.parametrize(
    ("lower", "upper", "out"), [(0.1, 0.9, (False, True)), (-0.9, 0.1, (True, False))]
)
def test_a_limit_beyond_the_drawing_is_said_to_lie_outside(lower, upper, out):
    claims = pd.read_csv(REPOSITORY / "docs/figures/claims-default.csv")  # 1a: open, within 0.26
    row = claims.head(1).assign(value=(lower + upper) / 2, lower=lower, upper=upper)
    [named] = row.itertuples()
    drawn = statement(named)["forest"]
    assert (drawn["left_out"], drawn["right_out"]) == out
    assert 0 <= drawn["lower"] < drawn["value"] < drawn["upper"] <= 100
