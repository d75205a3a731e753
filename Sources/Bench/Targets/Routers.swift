import Glibc

/// Routers made for language models.
enum Routers {
    static func vllm(_ at: Surroundings) -> Candidate {
        launched("vllm", title: "vllm-router", program: "\(at.peers)/bin/vllm-router", verb: [], port: at.basePort + 4, at)
    }

    static func sglang(_ at: Surroundings) -> Candidate {
        launched("sglang", title: "sglang-router", program: "\(at.peers)/bin/sglang-router", verb: ["launch"], port: at.basePort + 5, at)
    }

    /// Both descend from one program and take the same options.
    private static func launched(
        _ name: String, title: String, program: String, verb: [String], port: UInt16, _ at: Surroundings
    ) -> Candidate {
        guard access(program, X_OK) == 0 else { return .missing(name: name, reason: "the wheel \(title) is not in \(at.peers)") }
        var target = Target(name: name, title: title, port: port)
        target.command =
            [program] + verb + [
                "--host", "127.0.0.1", "--port", "\(port)", "--worker-urls", "http://127.0.0.1:\(at.upstream)", "--policy", "round_robin",
                "--log-level", "error", "--prometheus-port", "\(port + 100)", "--max-concurrent-requests", "4096",
            ]
        target.versionCommand = ["\(at.peers)/bin/python", "-c", "import importlib.metadata as m; print(m.version('\(title)'))"]
        return .found(target)
    }

    static func litellm(_ at: Surroundings) -> Candidate {
        let program = "\(at.litellm)/bin/litellm"
        guard access(program, X_OK) == 0 else { return .missing(name: "litellm", reason: "the wheel litellm is not in \(at.litellm)") }
        let port = at.basePort + 6
        var target = Target(name: "litellm", title: "LiteLLM proxy, \(at.workers) worker\(at.workers == 1 ? "" : "s")", port: port)
        target.command = [
            program, "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", "\(port)", "--num_workers", "\(at.workers)",
            "--log_config", "log.json",
        ]
        target.versionCommand = ["\(at.litellm)/bin/python", "-c", "import importlib.metadata as m; print(m.version('litellm'))"]
        target.settings = [
            "PATH": "\(at.litellm)/bin:/usr/bin:/bin", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*",
        ]
        target.files["litellm.yaml"] = """
            model_list:
              - model_name: chat
                litellm_params: {model: openai/mock-large, api_base: "http://127.0.0.1:\(at.upstream)/v1", api_key: sk-mock}
            litellm_settings: {telemetry: false, set_verbose: false, request_timeout: 300, num_retries: 0}
            general_settings: {disable_spend_logs: true}

            """
        target.files["log.json"] = #"""
            {"version": 1, "disable_existing_loggers": false, "handlers": {"none": {"class": "logging.NullHandler"}},
             "loggers": {"uvicorn": {"handlers": ["none"], "level": "ERROR", "propagate": false},
                         "uvicorn.access": {"handlers": ["none"], "level": "CRITICAL", "propagate": false},
                         "uvicorn.error": {"handlers": ["none"], "level": "ERROR", "propagate": false}}}

            """#
        target.isSlow = true
        return .found(target)
    }
}
