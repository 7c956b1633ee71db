import logging
import os
from importlib.util import find_spec

import pytest

from helpers import run_in
from small import CONFIGS, environment

PACKAGES = {
    "snakemake_storage_plugin_s3": "snakemake-storage-plugin-s3",
    "snakemake_executor_plugin_cluster_generic": "snakemake-executor-plugin-cluster-generic",
    "moto": "moto[server]",
    "flask_cors": "moto[server]",
}
MISSING = sorted({PACKAGES[name] for name in PACKAGES if find_spec(name) is None})


def pytest_collection_modifyitems(items):
    reason = f"{', '.join(MISSING)} not installed: pip install -r requirements-dev.txt"
    for item in items:
        if MISSING and "storage" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason=reason))


class Bucket:
    """A bucket of an S3 server on this machine, and how to run Snakemake on it."""

    def __init__(self, url: str, name: str):
        import boto3

        self.name = name
        self.keys = {"access_key": "any", "secret_key": "any", "endpoint_url": url}
        client = boto3.resource(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        self.objects = client.Bucket(name).objects
        self.create = client.Bucket(name).create

    def environment(self):
        keys = {f"SNAKEMAKE_STORAGE_S3_{key.upper()}": value for key, value in self.keys.items()}
        return environment() | keys | {"no_proxy": "127.0.0.1"}

    def snakemake(self, folder, *arguments, target="figures/all", configs=CONFIGS, check=True):
        """Run Snakemake in `folder`, with results and figures in the bucket."""
        storage = ["--default-storage-provider", "s3"]
        storage += ["--default-storage-prefix", f"s3://{self.name}"]
        command = ["snakemake", *configs, *storage, *arguments, "--", target]
        return run_in(folder, *command, env=self.environment(), check=check)

    def content(self, *prefixes) -> dict[str, bytes]:
        """The bytes of the objects whose names begin with one of `prefixes`, by name."""
        return {
            each.key: each.get()["Body"].read()
            for prefix in prefixes
            for each in self.objects.filter(Prefix=prefix)
        }


@pytest.fixture(scope="session")
def server():
    """The address of an S3 server that takes any keys."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    os.environ["no_proxy"] = host
    yield f"http://{host}:{port}"
    running.stop()
