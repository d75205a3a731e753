"""Routing settings that cannot be meant: refused as a whole with path, line and what may have been meant; what runs goes on running."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.gateway import Gateway, swiftlet, wait_until
from support.routing import ask, on

BASE = """\
providers:
  alpha: { type: mock }
  beta: { type: mock }
models:
  chat:
    deployments:
      - { provider: alpha, model: m }
  smart:
    route:
      fallback: [alpha/big, chat]
keys:
  app: { key: sk-check-0123456789 }
"""

# What is added to BASE, the path of the problem, the line within the addition, and words of the message.
BAD = {
    "a policy's unknown model": ("policies:\n  default:\n    route:\n      fallback: [smrt, chat]\n", "policies.default.route.fallback[0]", 4,
                                 "smart"),
    "a rule's unknown route": ("policies:\n  default:\n    rules:\n      - name: r\n        when: { tags.a: b }\n        then: { route: smrt }\n",
                               "policies.default.rules[0].then.route", 6, "smart"),
    "a rule's unknown model": ("policies:\n  default:\n    rules:\n      - name: r\n        when: { tags.a: b }\n        then: { model: chta }\n",
                               "policies.default.rules[0].then.model", 6, "chat"),
    "a rule's unknown provider": (
        "policies:\n  default:\n    rules:\n      - name: r\n        when: { tags.a: b }\n        then: { provider: alhpa }\n",
        "policies.default.rules[0].then.provider", 6, "alpha"),
    "a rule's unknown mode": ("policies:\n  default:\n    rules:\n      - name: r\n        when: { tags.a: b }\n        then: { mode: chep }\n",
                              "policies.default.rules[0].then.mode", 6, "cost"),
    "an unknown field": (
        "policies:\n  default:\n    rules:\n      - name: r\n        when: { request.modell: chat }\n        then: { route: smart }\n",
        "policies.default.rules[0].when", 5, "request.model"),
    "an unknown operator": (
        "policies:\n  default:\n    rules:\n      - name: r\n        when: { tags.a: { contians: x } }\n        then: { route: smart }\n",
        "policies.default.rules[0].when", 5, "contains"),
    "an unparsable pattern": ("policies:\n  default:\n    rules:\n      - name: r\n        when:\n          request.text: { matches: '(unclosed' }\n"
                              "        then: { route: smart }\n", "policies.default.rules[0].when", 6, "regular expression"),
    "a rule that does nothing": ("policies:\n  default:\n    rules:\n      - name: r\n        when: { tags.a: b }\n        then: {}\n",
                                 "policies.default.rules[0].then", 6, ""),
    "an unknown fault": ("policies:\n  default:\n    rules:\n      - name: r\n        after: [rate_limt]\n        then: { route: smart }\n",
                         "policies.default.rules[0].after[0]", 5, "rate_limit"),
    "an unknown policy of a key": ("projects:\n  acme: { policy: defualt }\npolicies:\n  default: { timeout: 10s }\n", "projects.acme.policy", 2,
                                   "default"),
    "an unknown strategy": ("router:\n  strategy: latncy\n", "router.strategy", 2, "latency"),
    "an unknown strategy in a tree": ("routes:\n  r:\n    fallbak: [chat, smart]\n", "routes.r", 3, "fallback"),
    "an unknown mode in a tree": ("routes:\n  r:\n    auto: { mode: quality2, models: [chat] }\n", "routes.r.auto.mode", 3, "quality"),
    "an unknown provider in a tree": ("routes:\n  r:\n    single: [alhpa/m]\n", "routes.r.single[0]", 3, "alpha"),
    "a cycle": ("routes:\n  one: { fallback: [two, chat] }\n  two: { fallback: [three] }\n  three: { fallback: [one] }\n", "routes.", 2, "one"),
    "itself": ("routes:\n  one: { fallback: [chat, one] }\n", "routes.one", 2, "one"),
    "weights of nothing": ("routes:\n  r:\n    percentage: [ { chat: 0 }, { smart: 0 } ]\n", "routes.r.percentage", 3, "0"),
    "a percentage without targets": ("routes:\n  r:\n    percentage: []\n", "routes.r.percentage", 3, "no routes"),
    "a negative weight": ("routes:\n  r:\n    percentage: [ { chat: -1 }, { smart: 2 } ]\n", "routes.r.percentage[0].chat", 3, "0 or more"),
    "a fallback to nobody": ("router:\n  fallbacks: [ { chat: [smrt] } ]\n", "router.fallbacks", 2, "smart"),
    "fallbacks of nobody": ("router:\n  fallbacks: [ { chta: [smart] } ]\n", "router.fallbacks", 2, "chat"),
    "an alias of nobody": ("router:\n  model_group_alias: { gpt: chta }\n", "router.model_group_alias.gpt", 2, "chat"),
    "a bad hedge": ("policies:\n  default:\n    hedge: { after: p99 }\n", "policies.default.hedge.after", 3, "p95"),
    "a bad prefix": ("regions:\n  prefixes: { 10.0.0/8: eu }\n", "regions.prefixes", 2, "prefix"),
    "a misspelt setting": ("policies:\n  default:\n    brekaer: { cooldown: 1s }\n", "policies.default.brekaer", 3, "breaker"),
    "an unknown key of a chain": ("policies:\n  p:\n    virtual_key: app\n    primary: { provider: alpha, model: m }\n"
                                  "    fallback_chain: [ { priority: 1, virtual_key: apq, provider: beta, model: m } ]\n",
                                  "policies.p.fallback_chain[0].virtual_key", 5, "app"),
    "too deep": ("routes:\n  r: " + "{ fallback: [" * 12 + "chat" + "] }" * 12 + "\n", "routes.r", 2, "deep"),
}


@pytest.mark.parametrize("name", BAD)
def test_check_says_where_and_what(tmp_path, name):
    addition, path, line, words = BAD[name]
    file = tmp_path / "swiftlet.yaml"
    file.write_text(BASE + addition)
    done = swiftlet("check", str(file))
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    problems = [row for row in said.splitlines() if row.startswith(f"{file}:{len(BASE.splitlines()) + line}: {path}")]
    assert problems, said
    assert any(words in row for row in problems), said


def test_check_lists_all_problems_at_once(tmp_path):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(BASE + "routes:\n  r: { single: [alhpa/m] }\nrouter:\n  strategy: latncy\npolicies:\n  default:\n    rules:\n"
                    "      - { name: r, when: { request.modle: x }, then: { route: smrt } }\n")
    done = swiftlet("check", str(file))
    said = done.stdout + done.stderr
    assert done.returncode == 1
    for path in ("routes.r", "router.strategy", "policies.default.rules[0].when", "policies.default.rules[0].then.route"):
        assert path in said, said


def test_check_of_what_is_good(tmp_path):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(BASE + "policies:\n  default:\n    rules:\n      - { name: r, when: { tags.tier: gold }, then: { route: smart } }\n")
    done = swiftlet("check", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rules, words", [
    ("- { name: all, priority: 9, when: { all: [] } }", None),
    ("- { name: first, priority: 9, when: {}, then: { route: smart } }\n"
     "      - { name: never, priority: 1, when: { tags.a: b }, then: { route: chat } }",
     "policies.default.rules[1]: warning: can never"),
    ("- { name: impossible, when: { all: [ { tags.a: { eq: x } }, { tags.a: { eq: y } } ] }, then: { route: smart } }",
     "policies.default.rules[0]: warning: can never"),
    ("- { name: one, priority: 5, when: { tags.a: b }, then: { route: smart } }\n"
     "      - { name: two, priority: 5, when: { tags.a: b }, then: { route: chat } }",
     "policies.default.rules[1]: warning: contradicts"),
], ids=["no conditions in all", "after one that always holds", "a contradiction", "the same condition twice"])
def test_check_warns_of_rules_that_can_never_act(tmp_path, rules, words):
    file = tmp_path / "swiftlet.yaml"
    file.write_text(BASE + f"policies:\n  default:\n    rules:\n      {rules}\n")
    done = swiftlet("check", str(file))
    said = done.stdout + done.stderr
    if words is None:
        assert done.returncode == 1, said
    else:
        assert done.returncode == 0, "a warning is no refusal"
        assert words in said and f"{file}:" in said, said


def test_a_bad_file_leaves_the_running_table(gateway):
    one = gateway({"providers": {"a": {"type": "mock"}, "b": {"type": "mock"}}, "models": {"chat": {"deployments": [on("a", "m")]}}})
    assert ask(one).provider == "a"
    good = one.file.read_text()
    bad = json.loads(good)
    bad["models"]["chat"]["deployments"] = [on("b", "m")]
    bad["policies"] = {"default": {"rules": [{"name": "r", "when": {"request.modle": "x"}, "then": {"deny": "no"}}]}}
    one.file.write_text(json.dumps(bad, indent=1))
    seen = len(one.lines)
    os.kill(one.process.pid, signal.SIGHUP)
    wait_until(lambda: any("request.modle" in row for row in list(one.lines)[seen:]), 10, what="the problem in the log")
    assert ask(one).provider == "a", "none of it is in force"
    bad["policies"]["default"]["rules"][0]["when"] = {"request.model": "other"}
    one.file.write_text(json.dumps(bad, indent=1))
    os.kill(one.process.pid, signal.SIGHUP)
    wait_until(lambda: ask(one).provider == "b", 10, what="the mended table")


def test_a_reload_changes_strategies_and_rules_at_once(gateway):
    one = gateway({"providers": {"a": {"type": "mock"}, "b": {"type": "mock"}},
                   "models": {"chat": {"strategy": "fallback", "deployments": [on("a", "m"), on("b", "m")]}}})
    assert {ask(one).provider for _ in range(3)} == {"a"}
    settings = json.loads(one.file.read_text())
    settings["models"]["chat"]["strategy"] = "round_robin"
    settings["policies"] = {"default": {"rules": [{"name": "r", "when": {"tags.x": {"exists": True}}, "then": {"deny": "no x"}}]}}
    one.file.write_text(json.dumps(settings, indent=1))
    os.kill(one.process.pid, signal.SIGHUP)
    wait_until(lambda: ask(one, tags=["x"]).status == 403, 10, what="the new rule")
    assert {ask(one).provider for _ in range(4)} == {"a", "b"}


def test_a_reload_cuts_nothing_that_is_under_way(gateway):
    slow = {"type": "mock", "latency": "900ms"}
    one = gateway({"providers": {"stays": slow, "goes": slow, "b": {"type": "mock"}},
                   "models": {"stays": {"deployments": [on("stays", "m")]}, "goes": {"deployments": [on("goes", "m")]}}})
    settings = json.loads(one.file.read_text())
    del settings["providers"]["goes"]
    settings["models"]["goes"]["deployments"] = [on("b", "m")]
    with ThreadPoolExecutor(6) as crowd:
        under_way = [crowd.submit(ask, one, model) for model in ("stays", "goes") * 3]
        time.sleep(0.4)
        one.file.write_text(json.dumps(settings, indent=1))
        os.kill(one.process.pid, signal.SIGHUP)
        assert [answer.result().status for answer in under_way] == [200] * 6
    wait_until(lambda: ask(one, "goes").provider == "b", 10, what="the new table")


def test_a_gateway_refuses_to_start_with_a_bad_policy(tmp_path):
    one = Gateway(tmp_path / "bad", {"providers": {"a": {"type": "mock"}}, "models": {"chat": {"route": {"percentage": []}}}}, wait=False)
    assert one.wait_exit(20) != 0
    assert any("models.chat.route" in row for row in one.lines), one.lines
