#ifndef CBYTES_H
#define CBYTES_H

// Block-wise searches of the HTTP parsers. None reads outside the bytes it is given.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The umbrella of this module: a header it does not name would be outside.
#include "CEpoll.h"
#include "CJSON.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// The first byte in `p ..< end` that may not stand in a field's value (RFC 9110, section 5.5): below 0x20 other than a
/// tab, or 0x7f. `end` when there is none.
static inline const uint8_t *cbytes_value_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(0x7f), last = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last), block);
        __m128i stop = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), control), _mm_cmpeq_epi8(block, del));
        unsigned mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; p < end; p++) if ((*p < 0x20 && *p != '\t') || *p == 0x7f) return p;
    return end;
}

/// Eight bytes from `p`, which need not be aligned; the first is the lowest on every machine.
static inline uint64_t cbytes_word(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

#endif
