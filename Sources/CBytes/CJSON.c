#include "CJSON.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Strings are read 64 bytes at a time into bit masks, one bit a byte. Which bytes are escaped follows from the mask of
// backslashes by carrying subtraction (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019, section 3.1.1).

typedef struct {
    uint64_t quote, backslash, control, high;
} masks;

// One bit for each byte that may follow a backslash, one for each 'u'.
typedef struct {
    uint64_t allowed, u;
} escapes;

static const uint8_t is_hex[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
};

#if !defined(__x86_64__)
static const uint8_t may_be_escaped[256] = {
    ['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1, ['u'] = 1,
};

static masks masks_plain(const uint8_t *p) {
    masks m = {0, 0, 0, 0};
    for (int i = 0; i < 64; i++) {
        uint64_t bit = (uint64_t)1 << i;
        if (p[i] == '"') m.quote |= bit;
        if (p[i] == '\\') m.backslash |= bit;
        if (p[i] < 0x20) m.control |= bit;
        if (p[i] >= 0x80) m.high |= bit;
    }
    return m;
}

static int is_plain(const uint8_t *p) {
    for (int i = 0; i < 64; i++) if (p[i] < 0x20 || p[i] >= 0x80 || p[i] == '"' || p[i] == '\\') return 0;
    return 1;
}

static escapes escapes_plain(const uint8_t *p) {
    escapes e = {0, 0};
    for (int i = 0; i < 64; i++) {
        if (may_be_escaped[p[i]]) e.allowed |= (uint64_t)1 << i;
        if (p[i] == 'u') e.u |= (uint64_t)1 << i;
    }
    return e;
}
#endif

#if defined(__x86_64__)
#define BITS(v) ((uint64_t)(uint32_t)_mm_movemask_epi8(v))

static inline masks masks_sse2(const uint8_t *p) {
    masks m = {0, 0, 0, 0};
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
        m.quote |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('"'))) << 16 * i;
        m.backslash |= BITS(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))) << 16 * i;
        m.control |= BITS(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v)) << 16 * i;
        m.high |= BITS(v) << 16 * i;
    }
    return m;
}

// Whether all 64 bytes are ASCII that needs no escape: the compare is signed, so it finds 0x80 and above too.
static inline int is_plain_sse2(const uint8_t *p) {
    __m128i any = _mm_setzero_si128();
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
        any = _mm_or_si128(any, _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
        any = _mm_or_si128(any, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
    }
    return _mm_movemask_epi8(any) == 0;
}

static inline escapes escapes_sse2(const uint8_t *p) {
    static const char others[8] = {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'};
    escapes e = {0, 0};
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
        __m128i u = _mm_cmpeq_epi8(v, _mm_set1_epi8('u')), any = u;
        for (int k = 0; k < 8; k++) any = _mm_or_si128(any, _mm_cmpeq_epi8(v, _mm_set1_epi8(others[k])));
        e.allowed |= BITS(any) << 16 * i;
        e.u |= BITS(u) << 16 * i;
    }
    return e;
}
#endif

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi")))
#define WIDE(v) ((uint64_t)(uint32_t)_mm256_movemask_epi8(v))

AVX2 static inline masks masks_avx2(const uint8_t *p) {
    masks m = {0, 0, 0, 0};
    for (int i = 0; i < 2; i++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(p + 32 * i));
        m.quote |= WIDE(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'))) << 32 * i;
        m.backslash |= WIDE(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))) << 32 * i;
        m.control |= WIDE(_mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v)) << 32 * i;
        m.high |= WIDE(v) << 32 * i;
    }
    return m;
}

AVX2 static inline int is_plain_avx2(const uint8_t *p) {
    __m256i any = _mm256_setzero_si256();
    for (int i = 0; i < 2; i++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(p + 32 * i));
        any = _mm256_or_si256(any, _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), v));
        any = _mm256_or_si256(
            any, _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))));
    }
    return _mm256_movemask_epi8(any) == 0;
}

// Both nibbles are looked up; a byte may be escaped when the two answers share the bit of its high nibble.
AVX2 static inline escapes escapes_avx2(const uint8_t *p) {
    const __m256i low = _mm256_setr_epi8(
        0, 0, 13, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1, 0, 0, 13, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
    const __m256i high = _mm256_setr_epi8(
        0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    escapes e = {0, 0};
    for (int i = 0; i < 2; i++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(p + 32 * i));
        __m256i upper = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0f));
        __m256i hit = _mm256_and_si256(_mm256_shuffle_epi8(low, v), _mm256_shuffle_epi8(high, upper));
        e.allowed |= (WIDE(_mm256_cmpeq_epi8(hit, _mm256_setzero_si256())) ^ 0xffffffffu) << 32 * i;
        e.u |= WIDE(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('u'))) << 32 * i;
    }
    return e;
}
#endif

static inline uint64_t below(int bit) { return bit >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bit) - 1; }
static inline int first(uint64_t mask) { return mask ? __builtin_ctzll(mask) : 64; }

// Ends a string at `at`, or at malformed UTF-8 before it.
static cjson_string_end ended(const uint8_t *start, const uint8_t *at, uint32_t status, uint64_t high, uint64_t escaped) {
    if (high) {
        const uint8_t *bad = cjson_utf8_problem(start, at);
        if (bad < at) return (cjson_string_end){bad, cjson_utf8, escaped != 0};
    }
    return (cjson_string_end){at, status, escaped != 0};
}

// Checks the digits of each \u in `marks` (bits relative to `block`). Stores what is wrong with the first bad one.
static int bad_hex(const uint8_t *block, uint64_t marks, const uint8_t *end, const uint8_t **at, uint32_t *status) {
    for (; marks; marks &= marks - 1) {
        const uint8_t *digit = block + __builtin_ctzll(marks) + 1;
        if (end - digit >= 4 && (is_hex[digit[0]] & is_hex[digit[1]] & is_hex[digit[2]] & is_hex[digit[3]])) continue;
        for (int i = 0; i < 4; i++, digit++) {
            if (digit < end && is_hex[*digit]) continue;
            *at = digit;
            *status = digit < end ? cjson_hex : cjson_cut;
            return 1;
        }
    }
    return 0;
}

// A macro, because each instruction set needs the whole loop compiled for it. The last bytes are read from a copy filled
// up with quotes, so that a string that has not ended ends beyond `end`.
#define DEFINE_LONG_STRING(NAME, ATTRIBUTE, PLAIN, MASKS, ESCAPES)                                                     \
    ATTRIBUTE static cjson_string_end NAME(const uint8_t *start, const uint8_t *end) {                                  \
        const uint64_t odd = 0xaaaaaaaaaaaaaaaaull;                                                                     \
        uint64_t carry = 0, high = 0, escaping = 0;                                                                     \
        uint8_t tail[64];                                                                                               \
        for (const uint8_t *p = start;; p += 64) {                                                                      \
            const uint8_t *source = p;                                                                                  \
            if (end - p < 64) {                                                                                         \
                memset(tail, '"', sizeof tail);                                                                         \
                if (end > p) memcpy(tail, p, (size_t)(end - p));                                                        \
                source = tail;                                                                                          \
            } else if (!carry && PLAIN(p)) {                                                                            \
                continue;                                                                                               \
            }                                                                                                           \
            masks m = MASKS(source);                                                                                    \
            uint64_t quotes = m.quote, wrong = m.control;                                                               \
            uint64_t marks = 0;                                                                                         \
            if (m.backslash | carry) {                                                                                  \
                uint64_t potential = m.backslash & ~carry;                                                              \
                uint64_t codes = (((potential << 1) | odd) - potential) ^ odd;                                          \
                uint64_t escaped = codes ^ (m.backslash | carry);                                                       \
                carry = (codes & m.backslash) >> 63;                                                                    \
                escapes e = ESCAPES(source);                                                                            \
                quotes &= ~escaped;                                                                                     \
                wrong |= escaped & ~e.allowed;                                                                          \
                marks = escaped & e.u;                                                                                  \
                escaping |= m.backslash & below(first(quotes));                                                         \
            }                                                                                                           \
            int close = first(quotes), bad = first(wrong & below(close));                                               \
            int stop = bad < close ? bad : close;                                                                       \
            const uint8_t *at;                                                                                          \
            uint32_t status;                                                                                            \
            if (__builtin_expect((marks & below(stop)) != 0, 0) && bad_hex(p, marks & below(stop), end, &at, &status))  \
                return ended(start, at, status, high | m.high, escaping);                                               \
            high |= m.high & below(stop);                                                                               \
            if (stop == 64) continue;                                                                                   \
            at = p + stop;                                                                                              \
            if (at >= end) return ended(start, end, cjson_cut, high, escaping);                                         \
            status = close == stop ? cjson_closed : (m.control >> stop) & 1 ? cjson_control : cjson_escape;             \
            return ended(start, at, status, high, escaping);                                                            \
        }                                                                                                               \
    }

#if defined(__x86_64__)
DEFINE_LONG_STRING(long_string_avx2, AVX2, is_plain_avx2, masks_avx2, escapes_avx2)
DEFINE_LONG_STRING(long_string_any, , is_plain_sse2, masks_sse2, escapes_sse2)
#else
DEFINE_LONG_STRING(long_string_any, , is_plain, masks_plain, escapes_plain)
#endif

cjson_string_end cjson_long_string_baseline(const uint8_t *p, const uint8_t *end) { return long_string_any(p, end); }

cjson_string_end cjson_long_string(const uint8_t *p, const uint8_t *end) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return long_string_avx2(p, end);
#endif
    return long_string_any(p, end);
}

cjson_string_end cjson_second_block(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    __m128i block = _mm_loadu_si128((const __m128i *)(p + 16));
    __m128i special = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))),
        _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)));
    unsigned mask = (unsigned)_mm_movemask_epi8(special);
    if (mask) {
        const uint8_t *at = p + 16 + __builtin_ctz(mask);
        if (*at == '"') return (cjson_string_end){at, cjson_closed, 0};
    }
#endif
    return cjson_long_string(p, end);
}

// The length of the well-formed sequence at `p` (RFC 3629, section 4), 0 when there is none.
static inline int sequence(const uint8_t *p, const uint8_t *end) {
    uint8_t a = p[0];
    if (a < 0x80) return 1;
    if (a < 0xc2 || a > 0xf4) return 0;
    ptrdiff_t left = end - p;
    if (left < 2 || (p[1] & 0xc0) != 0x80) return 0;
    if (a < 0xe0) return 2;
    if (left < 3 || (p[2] & 0xc0) != 0x80) return 0;
    if (a < 0xf0) return (a == 0xe0 && p[1] < 0xa0) || (a == 0xed && p[1] > 0x9f) ? 0 : 3;
    if (left < 4 || (p[3] & 0xc0) != 0x80) return 0;
    return (a == 0xf0 && p[1] < 0x90) || (a == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

const uint8_t *cjson_utf8_problem(const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        if (*p < 0x80) {
#if defined(__x86_64__)
            for (; end - p >= 16; p += 16) {
                unsigned mask = (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)p));
                if (mask == 0) continue;
                p += __builtin_ctz(mask);
                break;
            }
            if (p == end) return end;
            if (*p >= 0x80) goto high;
#endif
            uint64_t word;
            if (end - p >= 8 && (memcpy(&word, p, 8), (word & 0x8080808080808080ull) == 0)) p += 8;
            else p++;
            continue;
        }
#if defined(__x86_64__)
    high:
#endif
        // East Asian text: runs of three-byte sequences of which none begins with the special e0 or ed.
        while (end - p >= 3 && p[0] > 0xe0 && p[0] < 0xf0 && p[0] != 0xed && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) p += 3;
        if (p == end || *p < 0x80) continue;
        int count = sequence(p, end);
        if (count == 0) return p;
        p += count;
    }
    return end;
}

static const uint8_t *blanks(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == 0x20 || *p == 0x0a || *p == 0x0d || *p == 0x09)) p++;
    return p;
}

static inline const uint8_t *past_blanks(const uint8_t *p, const uint8_t *end) { return p < end && *p <= 0x20 ? blanks(p, end) : p; }

static inline const uint8_t *past_digits(const uint8_t *p, const uint8_t *end) {
    const uint8_t *start = p;
    while (p < end && (uint8_t)(*p - '0') < 10) p++;
    return p > start ? p : NULL;
}

static inline const uint8_t *past_number(const uint8_t *p, const uint8_t *end) {
    if (*p == '-') p++;
    if (p < end && *p == '0') p++;
    else if (!(p = past_digits(p, end))) return NULL;
    if (p < end && *p == '.' && !(p = past_digits(p + 1, end))) return NULL;
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = past_digits(p, end);
    }
    return p;
}

static inline const uint8_t *past_string(const uint8_t *p, const uint8_t *end) {
    if (p == end || *p != '"') return NULL;
    cjson_string_end found = cjson_string(p + 1, end);
    return found.status == cjson_closed ? found.at + 1 : NULL;
}

static inline const uint8_t *past_word(const uint8_t *p, const uint8_t *end, const char *word, ptrdiff_t count) {
    return end - p >= count && memcmp(p, word, (size_t)count) == 0 ? p + count : NULL;
}

// From the opening quote of a name to the first byte of its value.
static inline const uint8_t *past_name(const uint8_t *p, const uint8_t *end) {
    if (!(p = past_string(p, end))) return NULL;
    p = past_blanks(p, end);
    return p < end && *p == ':' ? past_blanks(p + 1, end) : NULL;
}

const uint8_t *cjson_value_end(const uint8_t *p, const uint8_t *end, ptrdiff_t depth) {
    uint8_t closes[cjson_deepest];
    ptrdiff_t open = 0;
    if (depth > cjson_deepest) depth = cjson_deepest;
    for (;;) {
        if (p >= end) return NULL;
        switch (*p) {
        case '"': p = past_string(p, end); break;
        case '{':
        case '[': {
            if (open == depth) return NULL;
            uint8_t close = *p == '{' ? '}' : ']';
            p = past_blanks(p + 1, end);
            if (p == end) return NULL;
            if (*p == close) {
                p++;
                break;
            }
            closes[open++] = close;
            if (close == '}' && !(p = past_name(p, end))) return NULL;
            continue;
        }
        case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
            p = past_number(p, end);
            break;
        case 't': p = past_word(p, end, "true", 4); break;
        case 'f': p = past_word(p, end, "false", 5); break;
        case 'n': p = past_word(p, end, "null", 4); break;
        default: return NULL;
        }
        if (!p) return NULL;
        // Behind a value: whatever ends with it, then the next one.
        for (;;) {
            if (open == 0) return p;
            p = past_blanks(p, end);
            if (p == end) return NULL;
            if (*p != closes[open - 1]) break;
            open--;
            p++;
        }
        if (*p != ',') return NULL;
        p = past_blanks(p + 1, end);
        if (closes[open - 1] == '}' && !(p = past_name(p, end))) return NULL;
    }
}
