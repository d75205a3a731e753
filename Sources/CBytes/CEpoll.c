#if defined(__linux__)
#define _GNU_SOURCE
#include "CEpoll.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cepoll_add(int epoll, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int cepoll_change(int epoll, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int cepoll_wait(int epoll, cepoll_ready *ready, int count, int64_t timeout) {
    struct epoll_event events[256];
    struct timespec spec = {.tv_sec = timeout / 1000000000, .tv_nsec = timeout % 1000000000};
    int most = count < 256 ? count : 256;
    int found = epoll_pwait2(epoll, events, most, timeout < 0 ? NULL : &spec, NULL);
    // Linux before 5.11, and valgrind, know whole milliseconds only.
    if (found < 0 && errno == ENOSYS) found = epoll_wait(epoll, events, most, timeout < 0 ? -1 : (int)((timeout + 999999) / 1000000));
    for (int i = 0; i < found; i++) {
        ready[i].events = events[i].events;
        ready[i].fd = events[i].data.fd;
    }
    return found < 0 && errno == EINTR ? 0 : found;
}

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return address;
}

static int without_delay(int fd) {
    int one = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int closing(int fd) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int cepoll_listen(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) return -1;
    struct sockaddr_in address = loopback(port);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 || bind(fd, (void *)&address, sizeof address) < 0
        || listen(fd, 4096) < 0)
        return closing(fd);
    return fd;
}

int cepoll_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) without_delay(fd);
    return fd;
}

int cepoll_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    struct sockaddr_in address = loopback(port);
    if (connect(fd, (void *)&address, sizeof address) < 0 || without_delay(fd) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) return closing(fd);
    return fd;
}

ptrdiff_t cbytes_find(const void *bytes, size_t count, const void *needle, size_t needle_count) {
    const char *found = memmem(bytes, count, needle, needle_count);
    return found ? found - (const char *)bytes : -1;
}

int cprocess_pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int cprocess_exact_timers(void) { return prctl(PR_SET_TIMERSLACK, 1000ul, 0, 0, 0); }

long cprocess_raise_open_files(long wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    if (limit.rlim_cur < (rlim_t)wanted) {
        limit.rlim_cur = limit.rlim_max < (rlim_t)wanted ? limit.rlim_max : (rlim_t)wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    }
    return (long)limit.rlim_cur;
}

int64_t cprocess_heap(void) {
    struct mallinfo2 now = mallinfo2();
    return (int64_t)(now.uordblks + now.hblkhd);
}

int64_t cprocess_cpu(void) {
    struct timespec spec;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spec) < 0) return -1;
    return spec.tv_sec * 1000000000ll + spec.tv_nsec;
}

static void redirect(const char *path, int onto) {
    if (!path) return;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || dup2(fd, onto) < 0) _exit(127);
    close(fd);
}

int cprocess_start(
    char *const argv[], char *const settings[], const char *folder, const char *output, const char *errors, int core) {
    pid_t parent = getpid(), child = fork();
    if (child != 0) return child;
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    for (; *settings; settings++) putenv(*settings);
    if (folder && chdir(folder) < 0) _exit(127);
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    redirect(output, STDOUT_FILENO);
    redirect(errors, STDERR_FILENO);
    if (core >= 0) cprocess_pin(core);
    execvp(argv[0], argv);
    _exit(127);
}
#endif
