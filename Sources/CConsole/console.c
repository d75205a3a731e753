#include "CConsole.h"

// Part of C23; the compiler knows it in older C too, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

// One array and one line of the table for each file of Sources/Console/Web.
static const unsigned char api_js[] = {
#embed "../Console/Web/api.js"
};
static const unsigned char app_js[] = {
#embed "../Console/Web/app.js"
};
static const unsigned char chart_js[] = {
#embed "../Console/Web/chart.js"
};
static const unsigned char dom_js[] = {
#embed "../Console/Web/dom.js"
};
static const unsigned char flow_js[] = {
#embed "../Console/Web/flow.js"
};
static const unsigned char format_js[] = {
#embed "../Console/Web/format.js"
};
static const unsigned char index_html[] = {
#embed "../Console/Web/index.html"
};
static const unsigned char keys_js[] = {
#embed "../Console/Web/keys.js"
};
static const unsigned char mark_svg[] = {
#embed "../Console/Web/mark.svg"
};
static const unsigned char models_js[] = {
#embed "../Console/Web/models.js"
};
static const unsigned char overview_js[] = {
#embed "../Console/Web/overview.js"
};
static const unsigned char requests_js[] = {
#embed "../Console/Web/requests.js"
};
static const unsigned char sentences_js[] = {
#embed "../Console/Web/sentences.js"
};
static const unsigned char snippets_js[] = {
#embed "../Console/Web/snippets.js"
};
static const unsigned char style_css[] = {
#embed "../Console/Web/style.css"
};

static const struct ConsoleFile files[] = {
    {"api.js", api_js, sizeof api_js},
    {"app.js", app_js, sizeof app_js},
    {"chart.js", chart_js, sizeof chart_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"flow.js", flow_js, sizeof flow_js},
    {"format.js", format_js, sizeof format_js},
    {"index.html", index_html, sizeof index_html},
    {"keys.js", keys_js, sizeof keys_js},
    {"mark.svg", mark_svg, sizeof mark_svg},
    {"models.js", models_js, sizeof models_js},
    {"overview.js", overview_js, sizeof overview_js},
    {"requests.js", requests_js, sizeof requests_js},
    {"sentences.js", sentences_js, sizeof sentences_js},
    {"snippets.js", snippets_js, sizeof snippets_js},
    {"style.css", style_css, sizeof style_css},
};

size_t console_files(void) { return sizeof files / sizeof *files; }

struct ConsoleFile console_file(size_t index) { return files[index]; }
