from snip.report.closing import closing


def test_a_finished_study_says_where_its_figures_are_and_what_holds(tmp_path):
    figures, claims = tmp_path / "figures", tmp_path / "claims.csv"
    assert closing(figures, tmp_path, 0) == ""
    figures.mkdir()
    for name in ("fig1.pdf", "fig1.png", "fig2.pdf"):
        (figures / name).touch()
    [said] = closing(figures, tmp_path, 0).splitlines()
    assert said.startswith(f"Figures: 2 in {figures}/,")
    claims.write_text(
        "claim,statement,verdict\n"
        '1a,"equal, within 0.25",inconclusive\n'
        "2a,alike,supported\n"
        "3a,nearer,supported\n"
        "6a,unlike,not supported\n"
    )
    said = closing(figures, tmp_path, 0).splitlines()
    assert said[1] == "Claims of the paper: 2 supported, 1 inconclusive, 1 not supported"
    assert f"{figures}/claims.md" in said[2] and str(claims) in said[2]
    # Judged before: perhaps of another configuration.
    assert len(closing(figures, tmp_path, claims.stat().st_mtime + 1).splitlines()) == 1


def test_runs_of_other_code_are_counted(tmp_path):
    (tmp_path / "made_by.csv").write_text("code,current,runs\na,True,3\nb,False,2\nc,False,1\n")
    [said] = closing(tmp_path / "figures", tmp_path, 0).splitlines()
    assert said.startswith("3 of 6 runs were made by other code") and "--forcerun train" in said
