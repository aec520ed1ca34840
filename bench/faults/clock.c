/* 時計: preloaded into a process, shows it another wall clock than the machine's.
 *
 * The file named by FAULTS_CLOCK holds seconds to be added; it is looked at again twenty times a second, so that
 * the clock of a running process can jump. CLOCK_MONOTONIC stays. Waits until a moment of the wall clock are
 * moved back by as much, as they would be if the machine's own clock were off; a moment before 2001 is one of the
 * monotonic clock and stays. (libfaketime does not know C11's cnd_timedwait: librdkafka then waits for days.)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define WALL_FROM 1000000000L
#define LOOK_NS 50000000L

static void real(clockid_t clock, struct timespec *ts) { syscall(SYS_clock_gettime, clock, ts); }

static long offset(void) {
    static volatile long known = 0, looked = 0;
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    long at = now.tv_sec * 1000000000L + now.tv_nsec;
    if (looked && at - looked < LOOK_NS) return known;
    looked = at;
    const char *path = getenv("FAULTS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return known;
    char text[32] = {0};
    if (read(file, text, sizeof text - 1) > 0) known = atol(text);
    close(file);
    return known;
}

int clock_gettime(clockid_t clock, struct timespec *ts) {
    int failed = syscall(SYS_clock_gettime, clock, ts);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) ts->tv_sec += offset();
    return failed;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
    struct timespec ts;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *to) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (to) *to = ts.tv_sec;
    return ts.tv_sec;
}

int timespec_get(struct timespec *ts, int base) {
    clock_gettime(CLOCK_REALTIME, ts);
    return base;
}

static struct timespec moved(const struct timespec *until) {
    struct timespec real_one = *until;
    if (until->tv_sec > WALL_FROM) real_one.tv_sec -= offset();
    return real_one;
}

/* The version matters: the oldest pthread_cond_timedwait has another layout of the condition. */
static void *next(const char *name, const char *version) {
    void *found = dlvsym(RTLD_NEXT, name, version);
    return found ? found : dlsym(RTLD_NEXT, name);
}

int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
                           const struct timespec *restrict until) {
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!wait) wait = next("pthread_cond_timedwait", "GLIBC_2.3.2");
    struct timespec real_one = moved(until);
    return wait(c, m, &real_one);
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until) {
    static int (*wait)(cnd_t *, mtx_t *, const struct timespec *);
    if (!wait) wait = next("cnd_timedwait", "GLIBC_2.28");
    struct timespec real_one = moved(until);
    return wait(c, m, &real_one);
}

int sem_timedwait(sem_t *restrict s, const struct timespec *restrict until) {
    static int (*wait)(sem_t *, const struct timespec *);
    if (!wait) wait = next("sem_timedwait", "GLIBC_2.34");
    struct timespec real_one = moved(until);
    return wait(s, &real_one);
}
