"""Runs the Terraform of deploy/terraform on a copy, without the registry and without AWS."""

import json
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "deploy" / "terraform"
TERRAFORM = shutil.which("terraform")
REGISTRY = "registry.terraform.io"
MIRRORS = (
    *(Path(each) for each in (os.environ.get("TF_PLUGIN_CACHE_DIR"),) if each),
    Path.home() / ".terraform.d" / "plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
    *(found.parent for found in sorted(Path("/opt").glob(f"*/{REGISTRY}"))),
)
"""Where a machine may keep providers, as ``terraform providers mirror`` lays them out."""

OVERRIDE = """
provider "aws" {
  s3_use_path_style       = true
  skip_metadata_api_check = true
}
"""


def mirror():
    """The folder with the AWS provider, or None."""
    for folder in MIRRORS:
        if (folder / REGISTRY / "hashicorp" / "aws").is_dir():
            return folder
    return None


class Terraform:
    """A copy of the configuration, initialised; calls fail the test unless they succeed."""

    def __init__(self, folder, environment=None):
        self.folder = folder / "terraform"
        shutil.copytree(SOURCE, self.folder, ignore=shutil.ignore_patterns(".terraform*", "*.tf?*"))
        (self.folder / "test_override.tf").write_text(OVERRIDE)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            **(environment or {}),
        }
        self("init", "-backend=false", "-input=false", f"-plugin-dir={mirror()}")

    def __call__(self, command, *arguments, allowed=(0,)):
        done = subprocess.run(
            [TERRAFORM, command, "-no-color", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in allowed, done.stdout + done.stderr
        return done

    def variables(self, **values):
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(values))

    def outputs(self):
        told = json.loads(self("output", "-json").stdout)
        return {name: each["value"] for name, each in told.items()}
