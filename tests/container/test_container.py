"""The image of container/Dockerfile, built and run without a daemon (ten minutes the first time).

`CONTAINER_STORE` names a folder in which images stay from one call to the next.
"""

import os
import subprocess
from pathlib import Path

import pytest

from helpers import REPOSITORY, needs
from small import CONFIGS, digests, small_project
from snip.figures.provenance import read

pytestmark = [
    needs("buildah", "debootstrap", "git", package="buildah debootstrap git"),
    pytest.mark.skipif(os.geteuid() != 0, reason="building an image needs root"),
    pytest.mark.timeout(3600),
]
SCRIPT = REPOSITORY / "tests/container/image.sh"
USER = "1234"  # whom the image does not know


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The environment in which image.sh finds the built image."""
    store = Path(os.environ.get("CONTAINER_STORE") or tmp_path_factory.mktemp("store"))
    environment = os.environ | {"CONTAINER_STORE": str(store)}
    done = subprocess.run(
        ["bash", SCRIPT, "build"], env=environment, capture_output=True, text=True
    )
    log = store / "build.log"
    assert done.returncode == 0, done.stderr + (log.read_text()[-3000:] if log.exists() else "")
    return environment


def run(image, folder, *command):
    done = subprocess.run(
        ["bash", SCRIPT, "run", folder, USER, *command], env=image, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return done.stdout


def test_a_study_has_the_same_bytes_in_the_container(image, finished, tmp_path):
    folder = small_project(tmp_path / "project")
    git = ["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    # The clone is root's, and whoever runs the image may write into it.
    subprocess.run(["chmod", "--recursive", "a+rwX", folder, tmp_path], check=True)
    run(image, folder, "snakemake", "--cores", "2", *CONFIGS, "--", "figures/all")
    ours, theirs = digests(folder), digests(finished)
    # Figures name the commit, which the other project does not have.
    same = [name for name in theirs if not name.endswith((".pdf", ".png"))]
    assert [name for name in same if ours.get(name) != theirs[name]] == []
    assert len(same) > 30
    assert read(folder / "figures/small/fig1.png")["Commit"] == head.stdout.strip()


def test_the_image_reaches_object_storage(image, tmp_path):
    tmp_path.chmod(0o777)
    command = [
        "python",
        "-c",
        "import snakemake_storage_plugin_s3 as plugin; print(plugin.__name__)",
    ]
    assert "snakemake_storage_plugin_s3" in run(image, tmp_path, *command)
