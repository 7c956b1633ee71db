import pytest
import yaml

from helpers import REPOSITORY

PROFILES = ["profiles/default", "profiles/slurm", "profiles/workstation"]


@pytest.mark.parametrize("folder", PROFILES)
def test_each_profile_shows_why_jobs_fail_and_lets_environments_be(folder):
    profile = yaml.safe_load((REPOSITORY / folder / "config.yaml").read_text())
    assert profile["show-failed-logs"] is True
    assert set(profile["rerun-triggers"]) == {"mtime", "params", "input", "code"}


def test_every_profile_gives_jobs_the_same_resources():
    profiles = [
        yaml.safe_load((REPOSITORY / folder / "config.yaml").read_text()) for folder in PROFILES
    ]
    [same] = {tuple(profile["default-resources"]) for profile in profiles}
    # A default for each that Snakemake would derive from the sizes of inputs.
    assert {entry.partition("=")[0] for entry in same} == {"mem_mb", "runtime", "disk_mb"}


def test_a_slurm_job_fits_on_every_node():
    profile = yaml.safe_load((REPOSITORY / "profiles/slurm/config.yaml").read_text())
    assert profile["cores"] == 1 and "runs=1" in profile["group-components"]
