#include "CPrices.h"

// Part of C23; the compiler knows it in older C too, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

// One file, and one line here, for each provider type.
static const unsigned char alibaba[] = {
#embed "rows/alibaba.jsonl"
};
static const unsigned char anthropic[] = {
#embed "rows/anthropic.jsonl"
};
static const unsigned char azure[] = {
#embed "rows/azure.jsonl"
};
static const unsigned char bedrock[] = {
#embed "rows/bedrock.jsonl"
};
static const unsigned char cerebras[] = {
#embed "rows/cerebras.jsonl"
};
static const unsigned char cohere[] = {
#embed "rows/cohere.jsonl"
};
static const unsigned char deepseek[] = {
#embed "rows/deepseek.jsonl"
};
static const unsigned char fireworks[] = {
#embed "rows/fireworks.jsonl"
};
static const unsigned char gemini[] = {
#embed "rows/gemini.jsonl"
};
static const unsigned char groq[] = {
#embed "rows/groq.jsonl"
};
static const unsigned char huggingface[] = {
#embed "rows/huggingface.jsonl"
};
static const unsigned char meta[] = {
#embed "rows/meta.jsonl"
};
static const unsigned char mistral[] = {
#embed "rows/mistral.jsonl"
};
static const unsigned char moonshot[] = {
#embed "rows/moonshot.jsonl"
};
static const unsigned char openai[] = {
#embed "rows/openai.jsonl"
};
static const unsigned char openrouter[] = {
#embed "rows/openrouter.jsonl"
};
static const unsigned char perplexity[] = {
#embed "rows/perplexity.jsonl"
};
static const unsigned char together[] = {
#embed "rows/together.jsonl"
};
static const unsigned char vertex[] = {
#embed "rows/vertex.jsonl"
};
static const unsigned char xai[] = {
#embed "rows/xai.jsonl"
};
static const unsigned char zai[] = {
#embed "rows/zai.jsonl"
};

static const struct PriceRows all[] = {
    {"alibaba", alibaba, sizeof alibaba},
    {"anthropic", anthropic, sizeof anthropic},
    {"azure", azure, sizeof azure},
    {"bedrock", bedrock, sizeof bedrock},
    {"cerebras", cerebras, sizeof cerebras},
    {"cohere", cohere, sizeof cohere},
    {"deepseek", deepseek, sizeof deepseek},
    {"fireworks", fireworks, sizeof fireworks},
    {"gemini", gemini, sizeof gemini},
    {"groq", groq, sizeof groq},
    {"huggingface", huggingface, sizeof huggingface},
    {"meta", meta, sizeof meta},
    {"mistral", mistral, sizeof mistral},
    {"moonshot", moonshot, sizeof moonshot},
    {"openai", openai, sizeof openai},
    {"openrouter", openrouter, sizeof openrouter},
    {"perplexity", perplexity, sizeof perplexity},
    {"together", together, sizeof together},
    {"vertex", vertex, sizeof vertex},
    {"xai", xai, sizeof xai},
    {"zai", zai, sizeof zai},
};

size_t price_rows_count(void) { return sizeof all / sizeof all[0]; }
struct PriceRows price_rows(size_t index) { return all[index]; }
