#ifndef CJSON_H
#define CJSON_H

// Block-wise steps of the JSON and SSE scanners. None reads outside the bytes it is given.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
    cjson_closed = 0,   // `at` is the closing quote
    cjson_cut = 1,      // the bytes ended first; `at` is their end
    cjson_control = 2,  // an unescaped byte below 0x20
    cjson_escape = 3,   // a byte that may not follow a backslash
    cjson_hex = 4,      // not one of the four hex digits after \u
    cjson_utf8 = 5      // the first byte of a sequence that is not UTF-8
};

typedef struct {
    const uint8_t *at;
    uint32_t status;
    uint32_t escaped;   // 1 when the string holds an escape
} cjson_string_end;

/// The end of the string whose first byte (after the quote) is `p`.
cjson_string_end cjson_long_string(const uint8_t *p, const uint8_t *end);

/// The same with what every machine has; the other one takes AVX2 where it finds it.
cjson_string_end cjson_long_string_baseline(const uint8_t *p, const uint8_t *end);

/// The same where the first 16 of at least 32 bytes are plain: names and ids mostly end in the 16 behind them.
cjson_string_end cjson_second_block(const uint8_t *p, const uint8_t *end);

/// The first byte of a malformed UTF-8 sequence in `p ..< end`, or `end`.
const uint8_t *cjson_utf8_problem(const uint8_t *p, const uint8_t *end);

/// As `cjson_long_string`; a plain string of fewer than 16 bytes costs one block, one of fewer than 32 a second.
static inline cjson_string_end cjson_string(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    if (end - p >= 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p);
        __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
            _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)));   // signed: below 0x20 or above 0x7f
        unsigned mask = (unsigned)_mm_movemask_epi8(special);
        if (mask) {
            const uint8_t *at = p + __builtin_ctz(mask);
            if (*at == '"') return (cjson_string_end){at, cjson_closed, 0};
        } else if (end - p >= 32) {
            return cjson_second_block(p, end);
        }
    }
#endif
    return cjson_long_string(p, end);
}

/// Whether two texts of `count` bytes are equal; meant for names of a few bytes.
static inline int cjson_same(const uint8_t *a, const uint8_t *b, size_t count) {
    uint64_t x, y;
    uint32_t v, w;
    if (count > 16) return memcmp(a, b, count) == 0;
    if (count >= 8) {
        memcpy(&x, a, 8), memcpy(&y, b, 8);
        if (x != y) return 0;
        memcpy(&x, a + count - 8, 8), memcpy(&y, b + count - 8, 8);
        return x == y;
    }
    if (count >= 4) {
        memcpy(&v, a, 4), memcpy(&w, b, 4);
        if (v != w) return 0;
        memcpy(&v, a + count - 4, 4), memcpy(&w, b + count - 4, 4);
        return v == w;
    }
    for (size_t i = 0; i < count; i++) if (a[i] != b[i]) return 0;
    return 1;
}

enum { cjson_deepest = 128 };

/// The end of the value that begins at `p`, which may open `depth` objects and arrays, at most `cjson_deepest`. Null: it is none, and
/// the caller finds out why.
const uint8_t *cjson_value_end(const uint8_t *p, const uint8_t *end, ptrdiff_t depth);

/// The first LF or CR in `p ..< end`, or `end`.
static inline const uint8_t *cjson_line_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (; end - p >= 16; p += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, lf), _mm_cmpeq_epi8(block, cr)));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; p < end; p++) if (*p == '\n' || *p == '\r') return p;
    return end;
}

/// The first quote in `p ..< end` that is followed by one of the four bytes packed in `firsts`, or `end`.
static inline const uint8_t *cjson_quote_before(const uint8_t *p, const uint8_t *end, uint32_t firsts) {
    const uint8_t a = (uint8_t)firsts, b = (uint8_t)(firsts >> 8), c = (uint8_t)(firsts >> 16), d = (uint8_t)(firsts >> 24);
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), va = _mm_set1_epi8((char)a), vb = _mm_set1_epi8((char)b);
    const __m128i vc = _mm_set1_epi8((char)c), vd = _mm_set1_epi8((char)d);
    for (; end - p >= 17; p += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)p), next = _mm_loadu_si128((const __m128i *)(p + 1));
        __m128i wanted = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(next, va), _mm_cmpeq_epi8(next, vb)),
            _mm_or_si128(_mm_cmpeq_epi8(next, vc), _mm_cmpeq_epi8(next, vd)));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(block, quote), wanted));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; end - p >= 2; p++)
        if (*p == '"' && (p[1] == a || p[1] == b || p[1] == c || p[1] == d)) return p;
    return end;
}

#endif
