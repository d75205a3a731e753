#include "CWeights.h"

// Part of C23; the compiler knows it in older C too, and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char complexity[] = {
#embed "complexity.weights"
};

struct WeightsFile weights_complexity(void) {
    return (struct WeightsFile){complexity, sizeof complexity};
}

_Alignas(64) static const unsigned char guardrails[] = {
#embed "guardrails.weights"
};

struct WeightsFile weights_guardrails(void) {
    return (struct WeightsFile){guardrails, sizeof guardrails};
}
