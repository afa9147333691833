/* Loaded before the C library by a program under test. Its wall clock is moved by what stands in a
 * file, and where it is told to, time that it does nothing in is skipped: a wait that nothing will
 * end but its own time is over at once, and the clocks of waits and leases have gone on by the rest
 * of it. Skipped is only what the program sleeps through: no thread of it works, no child of it
 * lives, and nothing that it asked over a connection waits for its answer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* How long nothing must happen before time is skipped, in milliseconds; 0: it never is. */
static long patience;
/* What was not answered for so long is not waited for any more: whoever serves it is slow on purpose. */
#define UNANSWERED_MS 1000
static const char *moved_by;
/* Where it is given: time is skipped only while this file is there. */
static const char *skips_while;
/* Where it is noted at the end how much was skipped. */
static const char *noted_in;
static _Atomic long long skipped_ms;

/* Seconds, as they stand in the file now. */
static long moved(void) {
    char text[32];
    int file = moved_by ? open(moved_by, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    ssize_t length = (ssize_t)syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    if (length <= 0) return 0;
    text[length] = 0;
    return atol(text);
}

int clock_gettime(clockid_t id, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, id, time);
    if (failed) return failed;
    if (id == CLOCK_REALTIME) time->tv_sec += moved();
    if (id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME) {
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

static long long now_ms(void) {
    struct timespec time;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* Who asks the kernel's own page for the time, as the lease does, is led here as well. */
static void lead_vdso(void) {
    void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
#if defined(__x86_64__)
    unsigned char jump[] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0}; /* movabs rax; jmp rax */
    const size_t place = 2;
    void *known = vdso ? dlsym(vdso, "__vdso_clock_gettime") : NULL;
#elif defined(__aarch64__)
    unsigned char jump[] = {0x50, 0, 0, 0x58, 0, 2, 0x1f, 0xd6, 0, 0, 0, 0, 0, 0, 0, 0}; /* ldr x16; br x16 */
    const size_t place = 8;
    void *known = vdso ? dlsym(vdso, "__kernel_clock_gettime") : NULL;
#else
#error "the clock of leases cannot be led on this machine"
#endif
    if (!known) {
        fputs("the clock of leases cannot be led: there is no vDSO\n", stderr);
        abort();
    }
    int (*ours)(clockid_t, struct timespec *) = clock_gettime;
    memcpy(jump + place, &ours, sizeof ours);
    /* The kernel lets it be changed as a whole only. */
    char *image = (char *)getauxval(AT_SYSINFO_EHDR);
    ElfW(Ehdr) *header = (ElfW(Ehdr) *)image;
    ElfW(Phdr) *part = (ElfW(Phdr) *)(image + header->e_phoff);
    while (part->p_type != PT_LOAD) part++;
    if (mprotect(image, part->p_memsz, PROT_READ | PROT_WRITE | PROT_EXEC)) {
        perror("the clock of leases cannot be led");
        abort();
    }
    memcpy(known, jump, sizeof jump);
    mprotect(image, part->p_memsz, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)known, (char *)known + sizeof jump);
}

__attribute__((constructor)) static void begin(void) {
    const char *wait = getenv("WORLD_CLOCK_PATIENCE_MS");
    patience = wait ? atol(wait) : 0;
    moved_by = getenv("WORLD_CLOCK_MOVED_BY");
    skips_while = getenv("WORLD_CLOCK_SKIPS_WHILE");
    noted_in = getenv("WORLD_CLOCK_NOTED_IN");
    if (patience > 0) lead_vdso();
}

__attribute__((destructor)) static void end(void) {
    char text[32];
    if (!atomic_load(&skipped_ms)) return;
    int file = noted_in ? open(noted_in, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (file < 0) return;
    syscall(SYS_write, file, text, (size_t)sprintf(text, "%lld\n", atomic_load(&skipped_ms)));
    syscall(SYS_close, file);
}

/* Connections that the program opened: since when something was asked there that was not answered. */
#define MOST_FILES 4096
#define NOT_OURS 0
#define ANSWERED 1
static _Atomic long long asked_at[MOST_FILES];

static void asked(int file, ssize_t sent) {
    if (patience > 0 && sent > 0 && file < MOST_FILES && atomic_load(&asked_at[file]) != NOT_OURS)
        atomic_store(&asked_at[file], now_ms());
}

static void answered(int file, ssize_t read) {
    if (patience > 0 && read >= 0 && file >= 0 && file < MOST_FILES && atomic_load(&asked_at[file]) != NOT_OURS)
        atomic_store(&asked_at[file], ANSWERED);
}

/* The C library's own, which these stand before. */
#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

int connect(int file, const struct sockaddr *to, socklen_t length) {
    NEXT(connect);
    int inet = to && (to->sa_family == AF_INET || to->sa_family == AF_INET6);
    if (file >= 0 && file < MOST_FILES) atomic_store(&asked_at[file], inet ? ANSWERED : NOT_OURS);
    return next(file, to, length);
}

int close(int file) {
    NEXT(close);
    if (file >= 0 && file < MOST_FILES) atomic_store(&asked_at[file], NOT_OURS);
    return next(file);
}

ssize_t send(int file, const void *bytes, size_t length, int flags) {
    NEXT(send);
    ssize_t sent = next(file, bytes, length, flags);
    asked(file, sent);
    return sent;
}

ssize_t write(int file, const void *bytes, size_t length) {
    NEXT(write);
    ssize_t sent = next(file, bytes, length);
    asked(file, sent);
    return sent;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    NEXT(writev);
    ssize_t sent = next(file, parts, count);
    asked(file, sent);
    return sent;
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
    NEXT(sendmsg);
    ssize_t sent = next(file, message, flags);
    asked(file, sent);
    return sent;
}

ssize_t recv(int file, void *bytes, size_t length, int flags) {
    NEXT(recv);
    ssize_t got = next(file, bytes, length, flags);
    if (!(flags & MSG_PEEK)) answered(file, got);
    return got;
}

ssize_t read(int file, void *bytes, size_t length) {
    NEXT(read);
    ssize_t got = next(file, bytes, length);
    answered(file, got);
    return got;
}

ssize_t readv(int file, const struct iovec *parts, int count) {
    NEXT(readv);
    ssize_t got = next(file, parts, count);
    answered(file, got);
    return got;
}

static int asks(void) {
    long long now = now_ms();
    for (int file = 0; file < MOST_FILES; file++) {
        long long since = atomic_load(&asked_at[file]);
        if (since > ANSWERED && now - since < UNANSWERED_MS) return 1;
    }
    return 0;
}

/* The beginning of one of a thread's files below /proc. */
static ssize_t look(const char *thread, const char *name, char *text, size_t most) {
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t length = (ssize_t)syscall(SYS_read, file, text, most - 1);
    syscall(SYS_close, file);
    if (length >= 0) text[length] = 0;
    return length;
}

/* Whether another thread does anything, or a child lives. */
static int works(void) {
    DIR *threads = opendir("/proc/self/task");
    if (!threads) return 1;
    pid_t self = (pid_t)syscall(SYS_gettid);
    int busy = 0;
    for (struct dirent *thread; !busy && (thread = readdir(threads));) {
        char text[512];
        if (thread->d_name[0] == '.') continue;
        if (look(thread->d_name, "children", text, sizeof text) > 0) busy = 1;
        if (atoi(thread->d_name) == self) continue;
        /* 12 (name) S ...: the name may have anything in it. */
        char *state = look(thread->d_name, "stat", text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
        if (state && state[1] && state[2] != 'S') busy = 1;
    }
    closedir(threads);
    return busy;
}

int epoll_wait(int queue, struct epoll_event *events, int most, int timeout) {
    long long until = now_ms() + atomic_load(&skipped_ms) + timeout;
    int left = timeout;
    while (patience > 0 && left > patience) {
        int heard = (int)syscall(SYS_epoll_pwait, queue, events, most, (int)patience, NULL, 8);
        if (heard != 0) return heard;
        long long before = atomic_load(&skipped_ms);
        left = (int)(until - now_ms() - before);
        if (left <= 0) return 0;
        if (skips_while && access(skips_while, F_OK)) continue;
        /* Another thread that skips meanwhile has gone on for both. */
        if (!asks() && !works() && atomic_compare_exchange_strong(&skipped_ms, &before, before + left)) return 0;
    }
    return (int)syscall(SYS_epoll_pwait, queue, events, most, left, NULL, 8);
}
