/* The least an endpoint can do: read a request by its Content-Length, answer "{}". It checks nothing, and costs a
 * fraction of a core, so that generators are what is measured. A GET is answered with its counts, though not as a
 * ledger that a run would compare with its own. Usage: endpoint [spin]; it prints its port. With "spin" it never
 * sleeps: on a virtual machine, waking a core takes longer than a request. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM (1 << 20)
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
struct peer { int fd, control; size_t held, size; long body; char data[ROOM]; };
static long requests, request_bytes, connections;

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Answer with the counts. The connection that asks is not one of those counted. */
static int tell(struct peer *peer) {
    char counts[256], answer[512];
    if (!peer->control) connections--;
    peer->control = 1;
    int length = snprintf(counts, sizeof counts,
                          "{\"requests\":%ld,\"bytes\":%ld,\"connections\":%ld,\"rejected\":{},\"cpu_s\":%.6f}",
                          requests, request_bytes, connections, cpu_s());
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length,
                        counts);
    return send(peer->fd, answer, size, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Take whole requests off the front; -1 where the peer is to be dropped. */
static int serve(struct peer *peer) {
    for (;;) {
        if (peer->body < 0) {
            char *end = memmem(peer->data, peer->held, "\r\n\r\n", 4);
            if (!end) return peer->held < ROOM ? 0 : -1;
            *end = 0;
            char *length = strcasestr(peer->data, "\r\ncontent-length:");
            peer->body = length ? atol(length + 17) : 0;
            size_t head = end + 4 - peer->data;
            int asks = !memcmp(peer->data, "GET ", 4);
            peer->size = head + peer->body;
            peer->held -= head;
            memmove(peer->data, end + 4, peer->held);
            if (asks) {
                peer->body = -1;
                if (tell(peer) < 0) return -1;
                continue;
            }
        }
        size_t taken = peer->held < (size_t)peer->body ? peer->held : (size_t)peer->body;
        peer->body -= taken;
        peer->held -= taken;
        memmove(peer->data, peer->data + taken, peer->held);
        if (peer->body > 0) return 0;
        peer->body = -1;
        requests++;
        request_bytes += peer->size;
        if (send(peer->fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) return -1;
    }
}

int main(int count_of_arguments, char **arguments) {
    int patience = count_of_arguments > 1 && !strcmp(arguments[1], "spin") ? 0 : -1;
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 1024)) return 1;
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN}, ready[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll, ready, 64, patience);
        for (int i = 0; i < count; i++) {
            struct peer *peer = ready[i].data.ptr;
            if (!peer) {
                peer = malloc(sizeof *peer);
                peer->fd = accept(listener, NULL, NULL);
                peer->held = 0;
                peer->control = 0;
                peer->body = -1;
                connections++;
                setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.ptr = peer;
                epoll_ctl(poll, EPOLL_CTL_ADD, peer->fd, &event);
                continue;
            }
            ssize_t got = recv(peer->fd, peer->data + peer->held, ROOM - 1 - peer->held, 0);
            if (got > 0) peer->held += got;
            if (got <= 0 || serve(peer) < 0) {
                close(peer->fd);
                free(peer);
            }
        }
    }
}
