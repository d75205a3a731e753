#ifndef CMEMORY_H
#define CMEMORY_H

/// To be called before there are threads. A heap keeps up to 4 MiB that are free at its end, and buffers up to that size come from it:
/// a body of 200 KB takes two of them, and glibc would have their pages cleared by the kernel for every request.
void cmemory_begin(void);

/// Gives back what only the start needed: free pages of the heap, and from this process's view those pages of code and constants
/// that it has mapped so far. The kernel keeps the latter in its cache of the files; what still runs comes back page by page, at
/// the cost of a minor fault for sixteen of them. Of 36 MiB that the start had run through about 7 come back.
void cmemory_settle(void);

#endif
