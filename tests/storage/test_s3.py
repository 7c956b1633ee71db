"""The study `small` with results and figures in an S3 bucket."""

import re
import shutil

import pytest
import yaml

from conftest import Bucket
from small import CONFIGS, RUN, planned, small_project, snakemake
from snip.study.figures import DRAWN

NOTHING = "Nothing to be done"
# What a study leaves, but for logs and benchmarks.
KEPT = [f"results/small/{kind}/" for kind in ("runs", "masks", "tables")] + ["figures/"]


@pytest.fixture(scope="module")
def bucket(server):
    return Bucket(server, "a-study")


@pytest.fixture(scope="module")
def project(bucket, tmp_path_factory):
    """A project whose study `small` is complete, with the report, in the bucket."""
    folder = small_project(tmp_path_factory.mktemp("s3") / "project")
    for target in ("figures/all", "figures/report"):
        bucket.snakemake(folder, "--cores", "2", target=target)
    return folder


def plan(bucket, project, *arguments, **options) -> dict[str, int]:
    """How many jobs of each rule a dry-run plans."""
    said = bucket.snakemake(project, "-n", *arguments, **options).stdout
    counts = re.findall(r"^([a-z_]+) +(\d+)$", said.partition("Reasons")[0], re.M)
    assert counts or NOTHING in said
    return {rule: int(count) for rule, count in counts if rule != "total"}


def files(project) -> dict[str, bytes]:
    """The same of a study in a folder."""
    paths = [path for kind in KEPT for path in (project / kind).rglob("*") if path.is_file()]
    names = {str(path.relative_to(project)): path.read_bytes() for path in paths}
    return {name: content for name, content in names.items() if not name.endswith("README.md")}


def test_a_study_in_a_bucket_has_the_bytes_of_one_in_a_folder(bucket, project, finished):
    assert bucket.content(*KEPT) == files(finished)
    assert len(files(finished)) > 50 and not files(project)
    for target in ("figures/all", "figures/report", "figures/fig1"):
        assert plan(bucket, project, target=target) == {}


def test_the_report_has_the_pictures_and_captions_of_a_bucket(bucket, project, finished):
    bucket.snakemake(project, "--report", "report.html", target="describe")
    page = (project / "report.html").read_text()
    assert re.search(r"Of \d+ statements: \d+ supported, ", page)
    snakemake(finished, "--cores", "2", target="describe")
    for path in (finished / "results/small/report").glob("*"):
        if path.name != "versions.html":  # it has run times
            assert path.read_bytes() == (project / "results/small/report" / path.name).read_bytes()
    versions = (project / "results/small/report/versions.html").read_text()
    assert "has no benchmark files. With a storage they lie there." in versions


def test_a_result_deleted_from_a_bucket_is_made_again(bucket, project):
    name = f"results/small/runs/{RUN}.json"
    [result] = bucket.objects.filter(Prefix=name)
    content = result.get()["Body"].read()
    result.delete()
    assert plan(bucket, project)["train"] == 1
    bucket.snakemake(project, "--cores", "2")
    assert bucket.content(name)[name] == content


def test_a_configuration_that_comes_back_redraws(bucket, project):
    """From any folder: Snakemake's own records are not asked."""
    drawn = bucket.content("figures/small/fig1")
    margin = {"claims": {"margins": {"1a": 0.5}}}
    (project / "config/margin.yaml").write_text(yaml.safe_dump(margin))
    configs = [*CONFIGS, "config/margin.yaml"]
    bucket.snakemake(project, "--cores", "2", target="figures/fig1", configs=configs)
    other = bucket.content("figures/small/fig1")
    assert other.keys() == drawn.keys() and other != drawn
    shutil.rmtree(project / ".snakemake/metadata")
    assert plan(bucket, project, target="figures/fig1")["figure"] == 1
    bucket.snakemake(project, "--cores", "2", target="figures/fig1")
    assert bucket.content("figures/small/fig1") == drawn


def test_another_folder_draws_anew_and_trains_nothing(bucket, project, tmp_path):
    planned = plan(bucket, small_project(tmp_path / "another"))
    assert planned["figure"] == len(DRAWN)
    assert not planned.keys() & {"train", "prune", "fetch_dataset"}


def test_a_bucket_copied_into_a_folder_is_a_finished_study(bucket, project, tmp_path):
    folder = small_project(tmp_path / "copied")
    for name, content in bucket.content("results/", "figures/").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert not planned(folder).keys() & {"train", "prune", "fetch_dataset"}


def test_a_wrong_address_is_told_before_the_first_job(tmp_path):
    folder = small_project(tmp_path / "project")
    nowhere = Bucket("http://127.0.0.1:9", "a-study")
    said = nowhere.snakemake(folder, "--cores", "1", check=False).stdout
    assert "Failed to check existence of s3://a-study/" in said
    assert "Could not connect to the endpoint URL" in said and "rule " not in said
