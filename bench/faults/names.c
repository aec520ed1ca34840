/* 名前: preloaded into a process, lets no host name be found while the file named by FAULTS_NO_NAMES exists.
 *
 * Addresses in digits are still read, as they are without any name server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*resolver)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int is_in_digits(const char *host) {
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    static resolver real = NULL;
    const char *flag = getenv("FAULTS_NO_NAMES");
    if (!real) real = (resolver)dlsym(RTLD_NEXT, "getaddrinfo");
    if (host && flag && !is_in_digits(host) && access(flag, F_OK) == 0) return EAI_AGAIN;
    return real(host, service, hints, found);
}
