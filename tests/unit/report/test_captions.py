import re

from docutils.core import publish_string

import drawings
from snip.report.captions import captions, front_page
from snip.study.figures import DRAWN, FIGURES
from snip.study.load import check
from snip.study.spec import spec_of
from studies import content, put


def test_a_caption_counts_runs_and_masks_and_has_its_figures_verdicts():
    config = content() | {"reported_error": "best_test_error"}
    put(config, "figures.fig1", [{"sparsities": [0, 90], "seeds": [0, 1]}])
    put(config, "figures.fig2", [{"sparsities": [50, 90], "seeds": [0, 1]}])
    texts = captions(spec_of(check(config), "report"), drawings.table_of_claims(6))
    assert list(texts) == [f"{name}.rst" for name in DRAWN]
    sentence, _, counts, *rest = texts["fig1.rst"].splitlines()
    assert sentence == FIGURES["fig1"].caption
    assert counts == (
        "Study *default*: 4 runs; best test error of all evaluations; 1,080 iterations; "
        "rate divided by ten every 540; evaluate every 540."
    )
    assert [re.search(r"\*\*.*$", line)[0] for line in rest if line] == [
        "**Supported** (n = 5).",
        "**Contradicted** (n = 5).",
    ]
    assert "Study *default*: 2 networks scored.\n" in texts["fig2.rst"]


def test_a_criterion_in_a_caption_is_no_markup():
    config = put(content(), "figures.fig6", [{"criteria": ["gradient"], "seeds": [0]}])
    texts = captions(spec_of(check(config), "report"), drawings.table_of_claims(6))
    quiet = {"report_level": 1}
    pages = {
        name: publish_string(text, writer="html5", settings_overrides=quiet).decode()
        for name, text in texts.items()
    }
    assert "size of the gradient |∂L/∂w|" in pages["fig6.rst"]
    assert not any('class="system-message' in page for page in pages.values())


def test_the_front_page_counts_verdicts():
    counts = "2 supported, 3 inconclusive, 1 contradicted"
    assert front_page(drawings.table_of_claims(6)) == f"**Of 6 statements: {counts}.**\n"
