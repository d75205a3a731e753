#include "CConsole.h"

// Part of C23; the compiler knows it in older C too, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

// One array and one line of the table for each file of Sources/Console/Web.
static const unsigned char all_js[] = {
#embed "../Console/Web/all.js"
};
static const unsigned char api_js[] = {
#embed "../Console/Web/api.js"
};
static const unsigned char app_js[] = {
#embed "../Console/Web/app.js"
};
static const unsigned char audit_js[] = {
#embed "../Console/Web/audit.js"
};
static const unsigned char breaches_js[] = {
#embed "../Console/Web/breaches.js"
};
static const unsigned char canary_js[] = {
#embed "../Console/Web/canary.js"
};
static const unsigned char chart_js[] = {
#embed "../Console/Web/chart.js"
};
static const unsigned char conditions_js[] = {
#embed "../Console/Web/conditions.js"
};
static const unsigned char controls_js[] = {
#embed "../Console/Web/controls.js"
};
static const unsigned char diff_js[] = {
#embed "../Console/Web/diff.js"
};
static const unsigned char docs_css[] = {
#embed "../Console/Web/docs.css"
};
static const unsigned char docs_js[] = {
#embed "../Console/Web/docs.js"
};
static const unsigned char dom_js[] = {
#embed "../Console/Web/dom.js"
};
static const unsigned char events_js[] = {
#embed "../Console/Web/events.js"
};
static const unsigned char firewall_js[] = {
#embed "../Console/Web/firewall.js"
};
static const unsigned char flow_js[] = {
#embed "../Console/Web/flow.js"
};
static const unsigned char form_js[] = {
#embed "../Console/Web/form.js"
};
static const unsigned char format_js[] = {
#embed "../Console/Web/format.js"
};
static const unsigned char guardrails_js[] = {
#embed "../Console/Web/guardrails.js"
};
static const unsigned char history_js[] = {
#embed "../Console/Web/history.js"
};
static const unsigned char index_html[] = {
#embed "../Console/Web/index.html"
};
static const unsigned char insights_js[] = {
#embed "../Console/Web/insights.js"
};
static const unsigned char keys_js[] = {
#embed "../Console/Web/keys.js"
};
static const unsigned char learning_js[] = {
#embed "../Console/Web/learning.js"
};
static const unsigned char mark_svg[] = {
#embed "../Console/Web/mark.svg"
};
static const unsigned char merge_js[] = {
#embed "../Console/Web/merge.js"
};
static const unsigned char models_js[] = {
#embed "../Console/Web/models.js"
};
static const unsigned char overview_js[] = {
#embed "../Console/Web/overview.js"
};
static const unsigned char parts_js[] = {
#embed "../Console/Web/parts.js"
};
static const unsigned char places_js[] = {
#embed "../Console/Web/places.js"
};
static const unsigned char playground_js[] = {
#embed "../Console/Web/playground.js"
};
static const unsigned char projects_js[] = {
#embed "../Console/Web/projects.js"
};
static const unsigned char rail_js[] = {
#embed "../Console/Web/rail.js"
};
static const unsigned char requests_js[] = {
#embed "../Console/Web/requests.js"
};
static const unsigned char route_edit_js[] = {
#embed "../Console/Web/route-edit.js"
};
static const unsigned char routes_js[] = {
#embed "../Console/Web/routes.js"
};
static const unsigned char rules_js[] = {
#embed "../Console/Web/rules.js"
};
static const unsigned char sentences_js[] = {
#embed "../Console/Web/sentences.js"
};
static const unsigned char settings_js[] = {
#embed "../Console/Web/settings.js"
};
static const unsigned char simulator_js[] = {
#embed "../Console/Web/simulator.js"
};
static const unsigned char snippets_js[] = {
#embed "../Console/Web/snippets.js"
};
static const unsigned char steps_js[] = {
#embed "../Console/Web/steps.js"
};
static const unsigned char style_css[] = {
#embed "../Console/Web/style.css"
};
static const unsigned char tokens_js[] = {
#embed "../Console/Web/tokens.js"
};
static const unsigned char tree_js[] = {
#embed "../Console/Web/tree.js"
};
static const unsigned char treedata_js[] = {
#embed "../Console/Web/treedata.js"
};
static const unsigned char trial_js[] = {
#embed "../Console/Web/trial.js"
};
static const unsigned char usage_js[] = {
#embed "../Console/Web/usage.js"
};

static const struct ConsoleFile files[] = {
    {"all.js", all_js, sizeof all_js},
    {"api.js", api_js, sizeof api_js},
    {"app.js", app_js, sizeof app_js},
    {"audit.js", audit_js, sizeof audit_js},
    {"breaches.js", breaches_js, sizeof breaches_js},
    {"canary.js", canary_js, sizeof canary_js},
    {"chart.js", chart_js, sizeof chart_js},
    {"conditions.js", conditions_js, sizeof conditions_js},
    {"controls.js", controls_js, sizeof controls_js},
    {"diff.js", diff_js, sizeof diff_js},
    {"docs.css", docs_css, sizeof docs_css},
    {"docs.js", docs_js, sizeof docs_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"events.js", events_js, sizeof events_js},
    {"firewall.js", firewall_js, sizeof firewall_js},
    {"flow.js", flow_js, sizeof flow_js},
    {"form.js", form_js, sizeof form_js},
    {"format.js", format_js, sizeof format_js},
    {"guardrails.js", guardrails_js, sizeof guardrails_js},
    {"history.js", history_js, sizeof history_js},
    {"index.html", index_html, sizeof index_html},
    {"insights.js", insights_js, sizeof insights_js},
    {"keys.js", keys_js, sizeof keys_js},
    {"learning.js", learning_js, sizeof learning_js},
    {"mark.svg", mark_svg, sizeof mark_svg},
    {"merge.js", merge_js, sizeof merge_js},
    {"models.js", models_js, sizeof models_js},
    {"overview.js", overview_js, sizeof overview_js},
    {"parts.js", parts_js, sizeof parts_js},
    {"places.js", places_js, sizeof places_js},
    {"playground.js", playground_js, sizeof playground_js},
    {"projects.js", projects_js, sizeof projects_js},
    {"rail.js", rail_js, sizeof rail_js},
    {"requests.js", requests_js, sizeof requests_js},
    {"route-edit.js", route_edit_js, sizeof route_edit_js},
    {"routes.js", routes_js, sizeof routes_js},
    {"rules.js", rules_js, sizeof rules_js},
    {"sentences.js", sentences_js, sizeof sentences_js},
    {"settings.js", settings_js, sizeof settings_js},
    {"simulator.js", simulator_js, sizeof simulator_js},
    {"snippets.js", snippets_js, sizeof snippets_js},
    {"steps.js", steps_js, sizeof steps_js},
    {"style.css", style_css, sizeof style_css},
    {"tokens.js", tokens_js, sizeof tokens_js},
    {"tree.js", tree_js, sizeof tree_js},
    {"treedata.js", treedata_js, sizeof treedata_js},
    {"trial.js", trial_js, sizeof trial_js},
    {"usage.js", usage_js, sizeof usage_js},
};

size_t console_files(void) { return sizeof files / sizeof *files; }

struct ConsoleFile console_file(size_t index) { return files[index]; }
