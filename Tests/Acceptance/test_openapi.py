"""The admin API against its own description: whatever is asked of it, no answer is an accident."""

import pathlib
import subprocess
import sys

import pytest

from support.gateway import PATIENCE, get, wait_until
from test_admin import MOCKS, TOKEN, Admin, chat

SCHEMATHESIS = pathlib.Path(sys.executable).parent / "schemathesis"
CHECKS = "not_a_server_error,content_type_conformance,unsupported_method"
PRICES = "^/api/v1/prices"


def check(started, description, phases, *paths):
    result = subprocess.run(
        [str(SCHEMATHESIS), "run", str(description), "--url", f"http://127.0.0.1:{started.admin_port}", "--header", f"Authorization: Bearer {TOKEN}",
         "--checks", CHECKS, "--max-examples", "3", "--seed", "1", "--phases", phases, "--no-color", "--generation-database", "none",
         "--suppress-health-check", "all", *paths],
        capture_output=True, text=True, timeout=280 * PATIENCE, cwd=description.parent)
    assert result.returncode == 0, (result.stdout + result.stderr)[-6000:]


@pytest.mark.skipif(not SCHEMATHESIS.exists(), reason="schemathesis is not installed")
def test_made_up_requests_are_answered_as_described(gateway, tmp_path):
    started = gateway(MOCKS, environment={"SWIFTLET_ADMIN_TOKEN": TOKEN})
    description = tmp_path / "openapi.json"
    status, body = get(started.admin_port, "/api/v1/openapi.json", {"authorization": f"Bearer {TOKEN}"})
    assert status == 200
    description.write_bytes(body)
    # Rows of prices are priced tiers within long prompts within periods: to cover each of their members against each takes half an hour.
    check(started, description, "examples,coverage,fuzzing", "--exclude-path-regex", PRICES)
    check(started, description, "examples,fuzzing", "--include-path-regex", PRICES)
    # And it still is the gateway that it was, once it is told to be.
    admin = Admin(started, TOKEN)
    assert admin("POST", "/api/v1/settings/rollback", {"version": 0, "include": ["keys", "admin"]})[0] == 200
    assert admin.get("/api/v1/audit/verify")["ok"]
    wait_until(lambda: get(started.admin_port, "/readyz")[0] == 200, what="readiness")
    chat(started)
