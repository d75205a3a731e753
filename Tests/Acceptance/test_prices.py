"""What models cost: the catalogue in the binary, a newer file above it, settings above both."""

import json
import shlex

import pytest
from support.gateway import get, swiftlet, wait_until
from support.pages import blocks

SOURCE = {"source": "https://example.com/prices", "read": "2026-11-01"}


def row(provider, model, *periods, **more):
    return {"provider": provider, "model": model, **more, "prices": list(periods), **SOURCE}


def rows(*all_rows):
    return "".join(json.dumps(one) + "\n" for one in all_rows)


def listed(*arguments):
    result = swiftlet("prices", *arguments, "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_catalogue_has_every_provider_and_sources():
    found = listed()
    providers = {one["provider"] for one in found}
    assert len(found) > 150 and len(providers) == 21
    assert all(one["source"].startswith("https://") and one["read"] for one in found)
    assert {one["provider"] for one in listed("--provider", "groq")} == {"groq"}
    assert all("haiku" in json.dumps([one["model"], one.get("aliases", [])]).lower() for one in listed("--model", "haiku"))


def test_one_model_is_shown_with_its_source():
    page = swiftlet("prices", "show", "openai/gpt-5-mini").stdout
    assert page.startswith("openai/gpt-5-mini\n") and "price" in page and "https://" in page
    unknown = swiftlet("prices", "show", "openai/gpt-5-mino")
    assert unknown.returncode == 1 and "did you mean" in unknown.stderr


@pytest.mark.parametrize("text, words", [
    ("{}\n", "FILE:1: "), ("not json\n", "FILE:1: document: is not valid JSON"),
    (rows(row("groq", "a", {"input": 1, "output": 2}), {"provider": "groq", "model": "b", "prices": [{"input": "x", "output": 1}], **SOURCE}),
     "FILE:2: groq/b.prices[0].input: `x` is not valid"),
    (json.dumps({"m": {"litellm_provider": "openai", "input_cost_per_token": -1, "output_cost_per_token": 1}}), "FILE:1: m.input_cost_per_token: "),
])
def test_a_file_with_problems_is_not_imported(tmp_path, text, words):
    file, target = tmp_path / "new.jsonl", tmp_path / "prices.jsonl"
    file.write_text(text)
    result = swiftlet("prices", "import", str(file), "--prices", str(target))
    assert result.returncode == 1 and words.replace("FILE", str(file)) in result.stdout, result.stdout + result.stderr
    assert not target.exists()


def test_differences_and_import(tmp_path):
    target, file = tmp_path / "prices.jsonl", tmp_path / "new.jsonl"
    file.write_text(rows(row("groq", "made-up", {"input": 1, "output": 2})))
    assert "+ groq/made-up  input 1 output 2" in swiftlet("prices", "diff", str(file), "--prices", str(target)).stdout
    done = swiftlet("prices", "import", str(file), "--prices", str(target))
    assert done.returncode == 0 and "1 rows, 1 new, 0 changed" in done.stdout, done.stdout + done.stderr
    file.write_text(rows(row("groq", "made-up", {"input": 1.5, "output": 2}), row("groq", "other", {"input": 0.1, "output": 0.2})))
    diff = json.loads(swiftlet("prices", "diff", str(file), "--prices", str(target), "--json").stdout)
    assert [one["name"] for one in diff["changed"]] == ["groq/made-up"]
    assert diff["changed"][0]["members"]["prices"] == {"old": "input 1 output 2", "new": "input 1.5 output 2"}
    assert [one["model"] for one in diff["added"]] == ["other"] and len(diff["removed"]) > 0
    assert "1 new, 1 changed" in swiftlet("prices", "import", str(file), "--prices", str(target)).stdout
    assert {one["model"] for one in listed("--prices", str(target), "--provider", "groq")} >= {"made-up", "other", "llama-3.3-70b-versatile"}


def test_litellm_prices_are_read(tmp_path):
    target, file = tmp_path / "prices.jsonl", tmp_path / "model_prices_and_context_window.json"
    file.write_text(json.dumps({
        "groq/made-up": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1.5e-06, "output_cost_per_token": 2e-06,
                         "max_input_tokens": 1000, "supports_vision": True},
        "elsewhere/x": {"litellm_provider": "elsewhere", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}))
    done = swiftlet("prices", "import", str(file), "--prices", str(target))
    assert done.returncode == 0 and "1 entries of other kinds or providers left out" in done.stdout, done.stdout + done.stderr
    found = listed("--prices", str(target), "--model", "made-up")
    assert found[0]["prices"] == [{"input": 1.5, "output": 2}] and found[0]["can"] == ["vision"]


def test_check_says_what_has_no_price(tmp_path):
    file = tmp_path / "swiftlet.yaml"
    file.write_text("""\
providers:
  groq: { type: groq, api_key: k }
models:
  chat:
    deployments:
      - { provider: groq, model: llama-3.3-70b-versatile }
      - { provider: groq, model: never-heard-of }
      - { provider: groq, model: mine, base_model: llama-3.3-70b-versatile }
""")
    result = swiftlet("check", str(file))
    assert result.returncode == 0, result.stdout
    assert result.stdout.splitlines() == [
        f"{file}:7: models.chat.deployments[1]: warning: no price is known for `never-heard-of`: its requests count as unpriced; "
        "say `input_price` and `output_price`, or `base_model`"]


def test_a_running_gateway_prices_by_the_file(tmp_path, gateway, upstream):
    """The usage of an answer times the prices of the file, and of the next file within seconds."""
    prices = tmp_path / "prices.jsonl"
    prices.write_text(rows(row("groq", "made-up", {"input": 1, "output": 1})))
    one = gateway({
        "prices_file": str(prices),
        "providers": {"up": upstream().provider(type="groq", api_key="k")},
        "models": {"chat": {"deployments": [{"provider": "up", "model": "made-up"}]}}})

    def cost():
        status, headers, body = one.chat()
        assert status == 200, body
        used = json.loads(body)["usage"]
        return float(headers["x-swiftlet-cost-usd"]) * 1e6 / (used["prompt_tokens"] + used["completion_tokens"])

    def asked(path):
        status, body = get(one.admin_port, path)
        assert status == 200, body
        return json.loads(body)

    assert cost() == pytest.approx(1, abs=1e-3)
    shown = asked("/api/v1/prices/groq/made-up")
    assert shown["price"] == {"input": 1, "output": 1} and shown["name"] == "groq/made-up"
    listing = asked("/api/v1/prices?provider=groq&model=made")
    assert listing["total"] == 1 and [found["model"] for found in listing["data"]] == ["made-up"]
    assert get(one.admin_port, "/api/v1/prices/groq/mode-up")[0] == 404

    newer = tmp_path / "newer.jsonl"
    newer.write_text(rows(row("groq", "made-up", {"input": 1, "output": 1}, {"from": "2026-01-01", "input": 3, "output": 3})))
    assert swiftlet("prices", "import", str(newer), "--prices", str(prices)).returncode == 0
    wait_until(lambda: cost() == pytest.approx(3, abs=1e-3), seconds=20, every=0.5, what="the new price")

    prices.write_text("broken\n")
    wait_until(lambda: any("prices not renewed" in str(line) for line in one.log()), seconds=20, every=0.2, what="the refusal")
    assert cost() == pytest.approx(3, abs=1e-3)


def test_the_guide_works_as_written(tmp_path):
    """Its settings, its rows and its commands, in order, in one folder."""
    page = [block for block in blocks() if block.page == "prices.md"]
    texts = {language: [block.text for block in page if block.language == language] for language in ("yaml", "jsonl", "sh")}
    (tmp_path / "swiftlet.yaml").write_text(texts["yaml"][0])
    (tmp_path / "newer.jsonl").write_text("".join(texts["jsonl"]))
    commands = [shlex.split(line) for text in texts["sh"] for line in text.splitlines() if line.startswith("swiftlet ")]
    assert len(commands) >= 6
    # Those that need a running gateway: test_rerate.py.
    for command in [command for command in commands if command[2] != "rerate"]:
        result = swiftlet(*command[1:], folder=tmp_path, environment={"GROQ_API_KEY": "k", "OPENAI_API_KEY": "k"})
        assert result.returncode == 0, (command, result.stdout, result.stderr)
    assert (tmp_path / "prices.jsonl").exists()
