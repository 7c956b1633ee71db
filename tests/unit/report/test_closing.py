from snip.report.closing import closing


def test_a_finished_study_says_where_its_figures_are_and_what_holds(tmp_path):
    figures, claims = tmp_path / "figures", tmp_path / "claims.csv"
    figures.mkdir()
    for name in ("fig1.pdf", "fig1.png", "fig2.pdf"):
        (figures / name).touch()
    said = closing(figures, claims).splitlines()
    assert len(said) == 1 and said[0].startswith(f"Figures: 2 in {figures}/,")
    claims.write_text(
        "claim,statement,verdict\n"
        '1a,"equal, within 0.25",inconclusive\n'
        "2a,alike,supported\n"
        "3a,nearer,supported\n"
        "6a,unlike,not supported\n"
    )
    said = closing(figures, claims).splitlines()
    assert said[1] == "Claims of the paper: 2 supported, 1 inconclusive, 1 not supported"
    assert f"{figures}/claims" in said[2] and str(claims) in said[2]


def test_where_there_is_nothing_it_says_nothing(tmp_path):
    assert closing(tmp_path / "figures", tmp_path / "claims.csv") == ""
