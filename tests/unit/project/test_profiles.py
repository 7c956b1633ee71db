import pytest
import yaml

from helpers import REPOSITORY

PROFILES = ["profiles/default", "profiles/slurm", "profiles/workstation"]


@pytest.mark.parametrize("folder", PROFILES)
def test_each_profile_shows_why_jobs_fail_and_lets_environments_be(folder):
    profile = yaml.safe_load((REPOSITORY / folder / "config.yaml").read_text())
    assert profile["show-failed-logs"] is True
    assert set(profile["rerun-triggers"]) == {"mtime", "params", "input", "code"}


def test_a_slurm_job_fits_on_every_node():
    profile = yaml.safe_load((REPOSITORY / "profiles/slurm/config.yaml").read_text())
    assert profile["cores"] == 1 and "runs=1" in profile["group-components"]
