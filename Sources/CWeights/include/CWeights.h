#ifndef CWEIGHTS_H
#define CWEIGHTS_H

#include <stddef.h>

/// A fitted model: a file of this folder as it is, embedded by the compiler.
struct WeightsFile {
    const unsigned char *bytes;
    size_t count;
};

/// What `Complexity` scores prompts with; written by training/complexity.
struct WeightsFile weights_complexity(void);

/// What `Guarding` scores attacks and insults with; written by training/guardrails.
struct WeightsFile weights_guardrails(void);

#endif
