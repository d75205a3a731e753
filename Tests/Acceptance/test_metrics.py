"""/metrics: what it has; that dashboard and alert rules ask for nothing else; that no client can make its labels many."""

import json
import re
import shutil
import subprocess

import pytest
from support.gateway import KEY, ROOT, wait_until
from support.pages import FENCE

RULES = ROOT / "packaging/prometheus/swiftlet.rules.yml"
DASHBOARD = json.loads((ROOT / "packaging/grafana/swiftlet.json").read_text())
SETTINGS = {
    "providers": {"good": {"type": "mock"}, "bad": {"type": "mock", "faults": [{"kind": "status", "status": 503, "probability": 1}]}},
    "models": {"chat": {"route": {"fallback": ["bad/n", {"model": "plain"}]}},
               "plain": {"deployments": [{"provider": "good", "model": "m", "input_price": 1000, "output_price": 1000}]},
               "odd": {"route": "good/unpriced"}},
    "policies": {"default": {"rules": [{"name": "special", "when": {"tags.kind": {"eq": "special"}}, "then": {"route": "plain"}}]}},
    "projects": {"acme": {"budget": {"month": 100}}},
    "keys": {"app": {"key": KEY, "project": "acme", "budget": {"day": 50}, "rpm": 1000}, "tight": {"key": "key-tight", "rpm": 1}},
    "guardrails": {"keywords": {"words": ["forbidden"], "action": "block"}},
    "router": {"num_retries": 0},
}


def families(page):
    """Name to type."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))


def samples(page):
    """Name and labels to value."""
    found = {}
    for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", page, re.M):
        found[name, labels] = float(value)
    return found


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    from support.gateway import Gateway
    one = Gateway(tmp_path_factory.mktemp("metrics"), SETTINGS)
    for _ in range(40):
        assert one.chat()[0] == 200
    for model in ("odd", "plain"):
        one.chat(model)
    one.post("/v1/chat/completions", {"model": "chat", "messages": [{"role": "user", "content": "forbidden"}]})
    one.post("/v1/chat/completions", {"model": "chat", "tags": ["kind:special"], "messages": [{"role": "user", "content": "x"}]})
    for _ in range(2):
        one.post("/v1/chat/completions", {"model": "chat", "messages": []}, key="key-tight")
    wait_until(lambda: "swiftlet_requests_in_flight 0" in one.metrics())
    yield one
    one.end()


def test_every_family_has_its_type_once_and_keeps_the_format(busy):
    page = busy.metrics()
    types = re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M)
    assert len({name for name, _ in types}) == len(types)
    for name, kind in types:
        assert name.startswith("swiftlet_") and (kind != "counter" or name.endswith("_total")), name
    for name, _ in samples(page):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in dict(types) or dict(types).get(base) == "histogram", name
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_only_this_gateway_counts(busy):
    found = samples(busy.metrics())
    assert found["swiftlet_model_requests_total", 'model="chat",outcome="ok"'] >= 40
    assert found["swiftlet_model_requests_total", 'model="plain",outcome="ok"'] == 2, "asked for, or sent there by a rule"
    assert found["swiftlet_project_requests_total", 'project="acme",outcome="ok"'] >= 42
    by_model = sum(value for (name, _), value in found.items() if name == "swiftlet_model_cost_usd_total")
    by_deployment = sum(value for (name, _), value in found.items() if name == "swiftlet_cost_usd_total")
    assert by_model == pytest.approx(by_deployment) and by_model > 0
    assert found["swiftlet_budget_committed_usd", 'scope="key"'] == pytest.approx(by_model, rel=0.05)
    assert found["swiftlet_budget_reserved_usd", 'scope="project"'] == 0
    assert found["swiftlet_account_leased", 'account="key/app/nanodollars/day"'] > 0
    decided = sum(value for (name, _), value in found.items() if name == "swiftlet_decisions_total")
    assert decided >= 43 and found["swiftlet_candidates_excluded_total", 'reason="cooling"'] > 0
    assert found["swiftlet_rule_decisions_total", ""] == 1 and ("swiftlet_unpriced_requests_total", "") in found
    for phase in ("admit", "decide", "send", "settle", "record"):
        count = found["swiftlet_overhead_seconds_count", f'phase="{phase}"']
        assert count >= 1 and found["swiftlet_overhead_seconds_bucket", f'phase="{phase}",le="+Inf"'] == count
        assert 0 < found["swiftlet_overhead_seconds_sum", f'phase="{phase}"'] < 60
    assert found["swiftlet_limit_refusals_total", 'scope="key",unit="requests"'] == 1


def test_clients_cannot_make_labels_many(busy):
    before = busy.metrics().count("\n")
    for number in range(60):
        busy.chat(f"made-up-{number}")
        busy.post("/v1/chat/completions", {"model": "plain", "user": f"u{number}", "tags": [f"t{number}"], "messages": []},
                  headers={"x-customer-id": f"c{number}"})
    page = busy.metrics()
    assert page.count("\n") <= before + 20 and "made-up-" not in page


def asked(text):
    return set(re.findall(r"swiftlet_\w+", text))


# Families that need what this gateway does not have.
ELSEWHERE = {"swiftlet_spool_rows", "swiftlet_spool_age_seconds", "swiftlet_lease_store_up"}


def known(page):
    names = set(families(page)) | ELSEWHERE
    histograms = {name for name, kind in families(page).items() if kind == "histogram"}
    return names | {name + end for name in histograms for end in ("_bucket", "_sum", "_count")}


def test_dashboard_and_rules_ask_for_metrics_that_there_are(busy):
    names = known(busy.metrics())
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    assert len(expressions) > 25 and len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for expression in [*expressions, RULES.read_text(), DASHBOARD["templating"]["list"][1]["query"]["query"]]:
        # The alert's description may name families by their histograms.
        assert asked(expression) <= names, asked(expression) - names
    labels = {label for expression in expressions for group in re.findall(r" by \(([^)]*)\)", expression) for label in group.split(", ")}
    for label in labels - {"le"}:
        assert f'{label}="' in busy.metrics(), f"no sample has the label {label}"


def test_the_page_of_metrics_names_those_that_there_are(busy):
    page = (ROOT / "docs/guide/metrics.md").read_text()
    names = known(busy.metrics())
    for name in re.findall(r"`(swiftlet_\w+)[`{]", FENCE.sub("", page)):
        assert name in names or name == "swiftlet_account_", name
    alerts = re.findall(r"alert: (\w+)", RULES.read_text())
    assert re.findall(r"^\| `(Swiftlet\w+)`", page, re.M) == alerts


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed: scripts/setup test")
def test_alert_rules_fire_when_they_should():
    for words in (["check", "rules", str(RULES)], ["test", "rules", str(RULES.with_name("swiftlet.tests.yml"))]):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
