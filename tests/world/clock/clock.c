/* Loaded before the C library by a program under test. Its wall clock is moved by what stands in a
 * file, and where it is told to, time that nobody does anything in is skipped: a wait that nothing
 * ended for a while is over at once, and the clock of waits has gone on by the rest of it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long nothing must happen before time is skipped, in milliseconds; 0: it never is. */
static long patience;
static const char *moved_by;
/* Where it is given: time is skipped only while this file is there. */
static const char *skips_while;
static _Atomic long long skipped_ms;

__attribute__((constructor)) static void begin(void) {
    const char *wait = getenv("WORLD_CLOCK_PATIENCE_MS");
    patience = wait ? atol(wait) : 0;
    moved_by = getenv("WORLD_CLOCK_MOVED_BY");
    skips_while = getenv("WORLD_CLOCK_SKIPS_WHILE");
}

/* Seconds, as they stand in the file now. */
static long moved(void) {
    char text[32];
    int file = moved_by ? open(moved_by, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = 0;
    return atol(text);
}

int clock_gettime(clockid_t id, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, id, time);
    if (failed) return failed;
    if (id == CLOCK_REALTIME) time->tv_sec += moved();
    if (id == CLOCK_MONOTONIC) {
        long long milliseconds = atomic_load(&skipped_ms);
        time->tv_sec += milliseconds / 1000;
        time->tv_nsec += milliseconds % 1000 * 1000000;
        if (time->tv_nsec >= 1000000000) {
            time->tv_nsec -= 1000000000;
            time->tv_sec += 1;
        }
    }
    return 0;
}

int epoll_wait(int queue, struct epoll_event *events, int most, int timeout) {
    int skips = patience > 0 && timeout > patience && (!skips_while || !access(skips_while, F_OK));
    int waits = skips ? (int)patience : timeout;
    int heard = (int)syscall(SYS_epoll_pwait, queue, events, most, waits, NULL, 8);
    if (skips && heard == 0) atomic_fetch_add(&skipped_ms, timeout - waits);
    return heard;
}
