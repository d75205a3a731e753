#include "CCRC.h"

// Slicing by eight (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC Generators",
// 2005). `tables[k][b]` is the sum of byte b with k zero bytes behind it.
static uint32_t tables[8][256];

__attribute__((constructor)) static void fill(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t sum = byte;
        for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (0xedb88320u & (0u - (sum & 1)));
        tables[0][byte] = sum;
    }
    for (int k = 1; k < 8; k++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = tables[k - 1][byte];
            tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
}

static uint32_t little(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t ccrc_32(uint32_t sum, const uint8_t *bytes, size_t count) {
    sum = ~sum;
    for (; count >= 8; count -= 8, bytes += 8) {
        uint32_t low = sum ^ little(bytes), high = little(bytes + 4);
        sum = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24]
            ^ tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^ tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
    }
    for (; count > 0; count--, bytes++) sum = (sum >> 8) ^ tables[0][(sum ^ *bytes) & 0xff];
    return ~sum;
}
