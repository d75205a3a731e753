#ifndef CBYTES_H
#define CBYTES_H

// Block-wise searches of the HTTP parsers. None reads outside the bytes it is given.

#include <stddef.h>
#include <stdint.h>

// The umbrella of this module: a header it does not name would be outside.
#include "CEpoll.h"
#include "CCRC.h"
#include "CJSON.h"
#include "CMemory.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// The first byte in `p ..< end` that may not stand in a field's value (RFC 9110, section 5.5): below 0x20 other than a
/// tab, or 0x7f. `end` when there is none.
static inline const uint8_t *cbytes_value_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i del = _mm_set1_epi8(0x7f), last = _mm_set1_epi8(0x1f);
    while (end - p >= 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p);
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(block, last), block), _mm_cmpeq_epi8(block, del));
        unsigned mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask == 0) {
            p += 16;
            continue;
        }
        p += __builtin_ctz(mask);
        if (*p != '\t') return p;
        p++;   // tabs are rare, so they cost another block
    }
#endif
    for (; p < end; p++) if ((*p < 0x20 && *p != '\t') || *p == 0x7f) return p;
    return end;
}

/// The first colon in `p ..< end`, or `end`. Bytes up to `readable` may be loaded.
static inline const uint8_t *cbytes_colon(const uint8_t *p, const uint8_t *end, const uint8_t *readable) {
#if defined(__SSE2__)
    for (; p < end && readable - p >= 16; p += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(':')));
        if (mask) {
            const uint8_t *at = p + __builtin_ctz(mask);
            return at < end ? at : end;
        }
    }
#endif
    for (; p < end; p++) if (*p == ':') return p;
    return end;
}

enum {
    cbytes_token = 1,  // RFC 9110, section 5.6.2
    cbytes_path = 2,   // RFC 3986's pchar, the slash, and brackets, which clients leave bare in queries; not the percent sign
    cbytes_host = 4,   // RFC 3986's unreserved: names and IPv4
    cbytes_hex = 8
};

extern const uint8_t cbytes_classes[256];

static inline uint8_t cbytes_class(uint8_t byte) { return cbytes_classes[byte]; }

/// The first byte in `p ..< end` that is not of `class`, or `end`.
static inline const uint8_t *cbytes_run(const uint8_t *p, const uint8_t *end, uint8_t class) {
    while (p < end && (cbytes_classes[*p] & class)) p++;
    return p;
}

/// Whether `p ..< end` holds letters, digits and hyphens only, at least one: nearly all field names. Bytes up to `readable` may
/// be loaded. 0 means: look again.
static inline int cbytes_plain_name(const uint8_t *p, const uint8_t *end, const uint8_t *readable) {
#if defined(__SSE2__)
    if (p == end || readable - p < (end - p + 15) / 16 * 16) return 0;
    for (; p < end; p += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p);
        __m128i letter = _mm_sub_epi8(_mm_or_si128(block, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
        __m128i digit = _mm_sub_epi8(block, _mm_set1_epi8('0'));
        __m128i plain = _mm_or_si128(
            _mm_or_si128(
                _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)),
            _mm_cmpeq_epi8(block, _mm_set1_epi8('-')));
        unsigned wanted = end - p >= 16 ? 0xffff : (1u << (end - p)) - 1;
        if ((wanted & ~(unsigned)_mm_movemask_epi8(plain)) != 0) return 0;
    }
    return 1;
#else
    (void)p, (void)end, (void)readable;
    return 0;
#endif
}

/// Stores a word behind everything stored before it and ahead of everything stored after it, as the code has it: what a process
/// that is killed leaves in a mapped file is then a beginning of what it stored.
static inline void cbytes_publish(uint64_t *at, uint64_t word) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(at, word, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#endif
