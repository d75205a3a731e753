"""`make demo` as a user runs it, once: the real model, a dead provider before it, the SDK plain and streaming."""

import os
import subprocess

import pytest
from support.gateway import BINARY, PATIENCE, ROOT


@pytest.mark.model
@pytest.mark.release
def test_demo_once():
    result = subprocess.run([ROOT / "scripts/demo", "--once"], env={**os.environ, "SWIFTLET_BINARY": str(BINARY)},
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240 * PATIENCE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "by local after 2 attempts" in result.stdout
    assert "streamed: " in result.stdout
