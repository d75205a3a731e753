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

/// How many pages of the documentation there are, and the page of this index, by its path below docs.
size_t console_documents(void);
struct ConsoleFile console_document(size_t index);

#endif
