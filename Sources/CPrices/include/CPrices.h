#ifndef CPRICES_H
#define CPRICES_H

#include <stddef.h>

/// The rows of one provider: a file of the folder `rows` as it is, embedded by the compiler.
struct PriceRows {
    const char *provider;
    const unsigned char *bytes;
    size_t count;
};

size_t price_rows_count(void);
struct PriceRows price_rows(size_t index);

#endif
