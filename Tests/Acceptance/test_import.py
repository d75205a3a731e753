"""`swiftlet import litellm`: a config.yaml of LiteLLM's proxy becomes settings that serve its clients."""

import json

import pytest
from support.gateway import Gateway, free_port, swiftlet

MASTER = "sk-master-0123456789abcdef"
CONFIG = """\
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/dead
      api_base: http://127.0.0.1:{dead}/v1
      api_key: os.environ/LAB_KEY
      order: 1
  - model_name: gpt-4o
    litellm_params:
      model: openai/mock
      api_base: http://127.0.0.1:{lab}/v1
      api_key: os.environ/LAB_KEY
      input_cost_per_token: 0.000002
      output_cost_per_token: 0.000008
      order: 2
  - model_name: odd
    litellm_params: {{ model: sagemaker/thing }}
router_settings:
  num_retries: 0
  redis_host: localhost
  model_group_alias: {{ chat: gpt-4o }}
general_settings:
  master_key: os.environ/MASTER
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    settings = {"providers": {"mock": {"type": "mock"}}, "models": {"mock": {"deployments": [{"provider": "mock", "model": "mock"}]}},
                "keys": {"lab": {"key": "sk-lab-0123456789abcdef"}}}
    gateway = Gateway(tmp_path_factory.mktemp("lab"), settings)
    yield gateway
    gateway.end()


def test_clients_of_the_old_proxy_are_served(lab, tmp_path):
    config, settings = tmp_path / "config.yaml", tmp_path / "settings.yaml"
    config.write_text(CONFIG.format(lab=lab.port, dead=free_port()))
    variables = {"LAB_KEY": "sk-lab-0123456789abcdef", "MASTER": MASTER}
    result = swiftlet("import", "litellm", str(config), "--output", str(settings), environment=variables)
    assert result.returncode == 0, result.stderr
    assert f"{config}:17: model_list[2].litellm_params.model: warning: is left out" in result.stderr
    assert "router_settings.redis_host" in result.stderr and "router_settings.redis_host" in settings.read_text()
    server = 'server: { listen: "{listen}", admin: "{admin}" }\nstore: "memory:"\n'
    gateway = Gateway(tmp_path / "new", server + settings.read_text(), environment=variables)
    try:
        client = gateway.sdk(key=MASTER)
        reply = client.chat.completions.with_raw_response.create(model="chat", messages=[{"role": "user", "content": "Hello"}])
        assert reply.headers["x-swiftlet-attempts"] == "2" and reply.parse().choices[0].message.content
        usage = reply.parse().usage
        expected = (usage.prompt_tokens * 2 + usage.completion_tokens * 8) / 1e6
        assert float(reply.headers["x-swiftlet-cost-usd"]) == pytest.approx(expected)
    finally:
        gateway.end()
    again = swiftlet("import", "litellm", str(config), "--output", str(settings), environment=variables)
    assert again.returncode == 1 and "exists already" in again.stderr


def test_the_outcome_as_json(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("model_list: [ { model_name: a, litellm_params: { model: gpt-4o, api_key: sk-x, team_id: t } } ]\n"
                      "router_settings: { fallbacks: [ { a: [gone] } ] }\n")
    result = swiftlet("import", "litellm", str(config), "--json")
    said = json.loads(result.stdout)
    assert result.returncode == 1 and "gone" in json.dumps(said["problems"])
    assert {one["path"] for one in said["remarks"]} == {"model_list[0].litellm_params.api_key", "model_list[0].litellm_params.team_id"}
    assert "gpt-4o" in said["settings"]


@pytest.mark.parametrize("text, words", [("providers: {}\n", "is no configuration of LiteLLM"), ("a: [\n", ":"), (None, "cannot be read")])
def test_other_files_are_refused(tmp_path, text, words):
    config = tmp_path / "config.yaml"
    if text is not None:
        config.write_text(text)
    result = swiftlet("import", "litellm", str(config))
    assert result.returncode == 1 and result.stdout == "" and words in result.stderr
