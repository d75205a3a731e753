// What the benchmark needs of Linux that Swift's Glibc does not show: epoll with nanoseconds, accept4, memmem,
// processor affinity, and starting a process that is pinned and dies with its parent.
// Sockets are loopback only. Functions return -1 with errno set, as the system calls do.

#ifndef CEPOLL_H
#define CEPOLL_H

#include <stddef.h>
#include <stdint.h>

enum { CEPOLL_IN = 0x001, CEPOLL_OUT = 0x004, CEPOLL_BROKEN = 0x018 };

typedef struct {
    uint32_t events;
    int32_t fd;
} cepoll_ready;

int cepoll_create(void);
int cepoll_add(int epoll, int fd, uint32_t events);
int cepoll_change(int epoll, int fd, uint32_t events);

// Waits at most `timeout` nanoseconds, for ever when it is negative. At most 256 at a time.
int cepoll_wait(int epoll, cepoll_ready *ready, int count, int64_t timeout);

// Sockets do not block, and do not hold small writes back.
int cepoll_listen(uint16_t port);
int cepoll_accept(int listener);
int cepoll_connect(uint16_t port);

// Offset of the first `needle` in `bytes`, or -1.
ptrdiff_t cbytes_find(const void *bytes, size_t count, const void *needle, size_t needle_count);

int cprocess_pin(int core);
// Timers fire at most one microsecond late; Linux allows itself 50 unless told.
int cprocess_exact_timers(void);
// Raises the limit of open files as far as allowed and returns it.
long cprocess_raise_open_files(long wanted);
// CPU nanoseconds of this process so far.
int64_t cprocess_cpu(void);
// Bytes of the heap that are in use.
int64_t cprocess_heap(void);

// Starts argv in its own session with standard output and error going to files (null: inherited).
// `settings` are NAME=VALUE additions to the environment; core -1 pins nothing. Only for a process with one thread.
int cprocess_start(
    char *const argv[], char *const settings[], const char *folder, const char *output, const char *errors, int core);

#endif
