#ifndef CCONSOLE_H
#define CCONSOLE_H

#include <stddef.h>

/// A file of the web console (Sources/Console/Web) as it is, embedded by the compiler.
struct ConsoleFile {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

/// How many there are.
size_t console_files(void);

/// The file of this index.
struct ConsoleFile console_file(size_t index);

#endif
