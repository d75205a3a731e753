#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CMemory.h"

#if defined(__linux__)
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void cmemory_begin(void) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_TOP_PAD, 512 << 10);
#endif
}

/// Of segments that nobody may write to nothing can be lost: they are as in their files.
static int forget(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size, (void)context;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
        // Whole pages only: an edge may belong to a neighbour that has been written to.
        start = (start + page - 1) / page * page;
        end = end / page * page;
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void cmemory_settle(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    dl_iterate_phdr(forget, NULL);
}
#else
void cmemory_begin(void) {}
void cmemory_settle(void) {}
#endif
