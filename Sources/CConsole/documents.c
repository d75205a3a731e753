// Written by scripts/documents.py: every page below docs, and the examples.
#include "CConsole.h"

// Part of C23; the compiler knows it in older C too, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char d0[] = {
#embed "../../docs/benchmarks.md"
};
static const unsigned char d1[] = {
#embed "../../docs/decisions/0001-own-http-over-nio-channels.md"
};
static const unsigned char d2[] = {
#embed "../../docs/decisions/0002-wire-is-its-own-target.md"
};
static const unsigned char d3[] = {
#embed "../../docs/decisions/0003-ledger-in-sqlite.md"
};
static const unsigned char d4[] = {
#embed "../../docs/decisions/0004-dependencies.md"
};
static const unsigned char d5[] = {
#embed "../../docs/decisions/0005-targets-come-with-their-features.md"
};
static const unsigned char d6[] = {
#embed "../../docs/decisions/0006-mock-provider-is-a-server.md"
};
static const unsigned char d7[] = {
#embed "../../docs/decisions/0007-verified-keys.md"
};
static const unsigned char d8[] = {
#embed "../../docs/decisions/0008-admin-listener-by-hummingbird.md"
};
static const unsigned char d9[] = {
#embed "../../docs/decisions/0009-libpq-is-loaded-when-it-is-needed.md"
};
static const unsigned char d10[] = {
#embed "../../docs/decisions/0010-budgets-are-leased.md"
};
static const unsigned char d11[] = {
#embed "../../docs/decisions/0011-what-requests-run-lies-together.md"
};
static const unsigned char d12[] = {
#embed "../../docs/features.md"
};
static const unsigned char d13[] = {
#embed "../../docs/guide/agents.md"
};
static const unsigned char d14[] = {
#embed "../../docs/guide/breaches.md"
};
static const unsigned char d15[] = {
#embed "../../docs/guide/coming-from-litellm.md"
};
static const unsigned char d16[] = {
#embed "../../docs/guide/coming-from-merge.md"
};
static const unsigned char d17[] = {
#embed "../../docs/guide/coming-from-tokenrouter.md"
};
static const unsigned char d18[] = {
#embed "../../docs/guide/coming-from-tokenvue.md"
};
static const unsigned char d19[] = {
#embed "../../docs/guide/coming-from-vllora.md"
};
static const unsigned char d20[] = {
#embed "../../docs/guide/command-line.md"
};
static const unsigned char d21[] = {
#embed "../../docs/guide/comparison.md"
};
static const unsigned char d22[] = {
#embed "../../docs/guide/concepts.md"
};
static const unsigned char d23[] = {
#embed "../../docs/guide/console.md"
};
static const unsigned char d24[] = {
#embed "../../docs/guide/context-compression.md"
};
static const unsigned char d25[] = {
#embed "../../docs/guide/data-residency.md"
};
static const unsigned char d26[] = {
#embed "../../docs/guide/experiments.md"
};
static const unsigned char d27[] = {
#embed "../../docs/guide/explain.md"
};
static const unsigned char d28[] = {
#embed "../../docs/guide/failover.md"
};
static const unsigned char d29[] = {
#embed "../../docs/guide/feedback.md"
};
static const unsigned char d30[] = {
#embed "../../docs/guide/firewall.md"
};
static const unsigned char d31[] = {
#embed "../../docs/guide/getting-started.md"
};
static const unsigned char d32[] = {
#embed "../../docs/guide/guardrails-replies.md"
};
static const unsigned char d33[] = {
#embed "../../docs/guide/guardrails.md"
};
static const unsigned char d34[] = {
#embed "../../docs/guide/inline-routers.md"
};
static const unsigned char d35[] = {
#embed "../../docs/guide/intelligent-routing.md"
};
static const unsigned char d36[] = {
#embed "../../docs/guide/keys-and-budgets.md"
};
static const unsigned char d37[] = {
#embed "../../docs/guide/learning.md"
};
static const unsigned char d38[] = {
#embed "../../docs/guide/ledger.md"
};
static const unsigned char d39[] = {
#embed "../../docs/guide/metrics.md"
};
static const unsigned char d40[] = {
#embed "../../docs/guide/moderation.md"
};
static const unsigned char d41[] = {
#embed "../../docs/guide/opentelemetry.md"
};
static const unsigned char d42[] = {
#embed "../../docs/guide/operations.md"
};
static const unsigned char d43[] = {
#embed "../../docs/guide/pass-through.md"
};
static const unsigned char d44[] = {
#embed "../../docs/guide/policies.md"
};
static const unsigned char d45[] = {
#embed "../../docs/guide/postgresql.md"
};
static const unsigned char d46[] = {
#embed "../../docs/guide/prices.md"
};
static const unsigned char d47[] = {
#embed "../../docs/guide/prompt-cache.md"
};
static const unsigned char d48[] = {
#embed "../../docs/guide/providers.md"
};
static const unsigned char d49[] = {
#embed "../../docs/guide/regions.md"
};
static const unsigned char d50[] = {
#embed "../../docs/guide/reliability.md"
};
static const unsigned char d51[] = {
#embed "../../docs/guide/replay.md"
};
static const unsigned char d52[] = {
#embed "../../docs/guide/response-cache.md"
};
static const unsigned char d53[] = {
#embed "../../docs/guide/routing.md"
};
static const unsigned char d54[] = {
#embed "../../docs/guide/rules.md"
};
static const unsigned char d55[] = {
#embed "../../docs/guide/simulator.md"
};
static const unsigned char d56[] = {
#embed "../../docs/guide/strategies/auto.md"
};
static const unsigned char d57[] = {
#embed "../../docs/guide/strategies/conditional.md"
};
static const unsigned char d58[] = {
#embed "../../docs/guide/strategies/cost.md"
};
static const unsigned char d59[] = {
#embed "../../docs/guide/strategies/fallback.md"
};
static const unsigned char d60[] = {
#embed "../../docs/guide/strategies/geographic.md"
};
static const unsigned char d61[] = {
#embed "../../docs/guide/strategies/intelligent.md"
};
static const unsigned char d62[] = {
#embed "../../docs/guide/strategies/latency.md"
};
static const unsigned char d63[] = {
#embed "../../docs/guide/strategies/least-busy.md"
};
static const unsigned char d64[] = {
#embed "../../docs/guide/strategies/percentage.md"
};
static const unsigned char d65[] = {
#embed "../../docs/guide/strategies/round-robin.md"
};
static const unsigned char d66[] = {
#embed "../../docs/guide/strategies/shuffle.md"
};
static const unsigned char d67[] = {
#embed "../../docs/guide/strategies/single.md"
};
static const unsigned char d68[] = {
#embed "../../docs/guide/strategies/success-rate.md"
};
static const unsigned char d69[] = {
#embed "../../docs/guide/strategies/throughput.md"
};
static const unsigned char d70[] = {
#embed "../../docs/guide/strategies/usage.md"
};
static const unsigned char d71[] = {
#embed "../../docs/guide/tags.md"
};
static const unsigned char d72[] = {
#embed "../../docs/guide/webhooks.md"
};
static const unsigned char d73[] = {
#embed "../../docs/index.md"
};
static const unsigned char d74[] = {
#embed "../../docs/reference/capability.md"
};
static const unsigned char d75[] = {
#embed "../../docs/reference/compatibility.md"
};
static const unsigned char d76[] = {
#embed "../../docs/reference/complexity.md"
};
static const unsigned char d77[] = {
#embed "../../docs/reference/fields.md"
};
static const unsigned char d78[] = {
#embed "../../docs/reference/guardrails.md"
};
static const unsigned char d79[] = {
#embed "../../docs/reference/personal-data.md"
};
static const unsigned char d80[] = {
#embed "../../docs/reference/prices.md"
};
static const unsigned char d81[] = {
#embed "../../docs/reference/settings.md"
};
static const unsigned char d82[] = {
#embed "../../docs/reference/settings.schema.json"
};
static const unsigned char d83[] = {
#embed "../../docs/testing.md"
};
static const unsigned char d84[] = {
#embed "../../examples/full.yaml"
};
static const unsigned char d85[] = {
#embed "../../examples/scenarios/batch-beside-chat.yaml"
};
static const unsigned char d86[] = {
#embed "../../examples/scenarios/canary.yaml"
};
static const unsigned char d87[] = {
#embed "../../examples/scenarios/lunch-outage.yaml"
};

static const struct ConsoleFile documents[] = {
    {"benchmarks.md", d0, sizeof d0},
    {"decisions/0001-own-http-over-nio-channels.md", d1, sizeof d1},
    {"decisions/0002-wire-is-its-own-target.md", d2, sizeof d2},
    {"decisions/0003-ledger-in-sqlite.md", d3, sizeof d3},
    {"decisions/0004-dependencies.md", d4, sizeof d4},
    {"decisions/0005-targets-come-with-their-features.md", d5, sizeof d5},
    {"decisions/0006-mock-provider-is-a-server.md", d6, sizeof d6},
    {"decisions/0007-verified-keys.md", d7, sizeof d7},
    {"decisions/0008-admin-listener-by-hummingbird.md", d8, sizeof d8},
    {"decisions/0009-libpq-is-loaded-when-it-is-needed.md", d9, sizeof d9},
    {"decisions/0010-budgets-are-leased.md", d10, sizeof d10},
    {"decisions/0011-what-requests-run-lies-together.md", d11, sizeof d11},
    {"features.md", d12, sizeof d12},
    {"guide/agents.md", d13, sizeof d13},
    {"guide/breaches.md", d14, sizeof d14},
    {"guide/coming-from-litellm.md", d15, sizeof d15},
    {"guide/coming-from-merge.md", d16, sizeof d16},
    {"guide/coming-from-tokenrouter.md", d17, sizeof d17},
    {"guide/coming-from-tokenvue.md", d18, sizeof d18},
    {"guide/coming-from-vllora.md", d19, sizeof d19},
    {"guide/command-line.md", d20, sizeof d20},
    {"guide/comparison.md", d21, sizeof d21},
    {"guide/concepts.md", d22, sizeof d22},
    {"guide/console.md", d23, sizeof d23},
    {"guide/context-compression.md", d24, sizeof d24},
    {"guide/data-residency.md", d25, sizeof d25},
    {"guide/experiments.md", d26, sizeof d26},
    {"guide/explain.md", d27, sizeof d27},
    {"guide/failover.md", d28, sizeof d28},
    {"guide/feedback.md", d29, sizeof d29},
    {"guide/firewall.md", d30, sizeof d30},
    {"guide/getting-started.md", d31, sizeof d31},
    {"guide/guardrails-replies.md", d32, sizeof d32},
    {"guide/guardrails.md", d33, sizeof d33},
    {"guide/inline-routers.md", d34, sizeof d34},
    {"guide/intelligent-routing.md", d35, sizeof d35},
    {"guide/keys-and-budgets.md", d36, sizeof d36},
    {"guide/learning.md", d37, sizeof d37},
    {"guide/ledger.md", d38, sizeof d38},
    {"guide/metrics.md", d39, sizeof d39},
    {"guide/moderation.md", d40, sizeof d40},
    {"guide/opentelemetry.md", d41, sizeof d41},
    {"guide/operations.md", d42, sizeof d42},
    {"guide/pass-through.md", d43, sizeof d43},
    {"guide/policies.md", d44, sizeof d44},
    {"guide/postgresql.md", d45, sizeof d45},
    {"guide/prices.md", d46, sizeof d46},
    {"guide/prompt-cache.md", d47, sizeof d47},
    {"guide/providers.md", d48, sizeof d48},
    {"guide/regions.md", d49, sizeof d49},
    {"guide/reliability.md", d50, sizeof d50},
    {"guide/replay.md", d51, sizeof d51},
    {"guide/response-cache.md", d52, sizeof d52},
    {"guide/routing.md", d53, sizeof d53},
    {"guide/rules.md", d54, sizeof d54},
    {"guide/simulator.md", d55, sizeof d55},
    {"guide/strategies/auto.md", d56, sizeof d56},
    {"guide/strategies/conditional.md", d57, sizeof d57},
    {"guide/strategies/cost.md", d58, sizeof d58},
    {"guide/strategies/fallback.md", d59, sizeof d59},
    {"guide/strategies/geographic.md", d60, sizeof d60},
    {"guide/strategies/intelligent.md", d61, sizeof d61},
    {"guide/strategies/latency.md", d62, sizeof d62},
    {"guide/strategies/least-busy.md", d63, sizeof d63},
    {"guide/strategies/percentage.md", d64, sizeof d64},
    {"guide/strategies/round-robin.md", d65, sizeof d65},
    {"guide/strategies/shuffle.md", d66, sizeof d66},
    {"guide/strategies/single.md", d67, sizeof d67},
    {"guide/strategies/success-rate.md", d68, sizeof d68},
    {"guide/strategies/throughput.md", d69, sizeof d69},
    {"guide/strategies/usage.md", d70, sizeof d70},
    {"guide/tags.md", d71, sizeof d71},
    {"guide/webhooks.md", d72, sizeof d72},
    {"index.md", d73, sizeof d73},
    {"reference/capability.md", d74, sizeof d74},
    {"reference/compatibility.md", d75, sizeof d75},
    {"reference/complexity.md", d76, sizeof d76},
    {"reference/fields.md", d77, sizeof d77},
    {"reference/guardrails.md", d78, sizeof d78},
    {"reference/personal-data.md", d79, sizeof d79},
    {"reference/prices.md", d80, sizeof d80},
    {"reference/settings.md", d81, sizeof d81},
    {"reference/settings.schema.json", d82, sizeof d82},
    {"testing.md", d83, sizeof d83},
    {"examples/full.yaml", d84, sizeof d84},
    {"examples/scenarios/batch-beside-chat.yaml", d85, sizeof d85},
    {"examples/scenarios/canary.yaml", d86, sizeof d86},
    {"examples/scenarios/lunch-outage.yaml", d87, sizeof d87},
};

size_t console_documents(void) { return sizeof documents / sizeof *documents; }

struct ConsoleFile console_document(size_t index) { return documents[index]; }
