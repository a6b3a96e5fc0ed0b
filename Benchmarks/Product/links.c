/* Links between machines that are none: a delay and a rate for each, in user space, where the kernel has no netem.
 *
 *   links DELAY_MS ADDRESS[/MBIT] ...
 *
 * Each ADDRESS becomes a network namespace with one TUN device. A packet leaves its sender's link at MBIT a second,
 * travels DELAY_MS, and enters the receiver's link, again at MBIT; without MBIT a link has no limit. Before each link
 * there is a queue of QUEUE_BYTES, and what finds it full is dropped, as a router's tail does it.
 *
 * Prints one line for each address, the path of its namespace (for nsenter --net=), and an empty one when all are up.
 * The namespaces live as long as the program: until its standard input ends.
 *
 * One thread; about 50,000 packets a second and core.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PLACES_MAX = 32, MTU = 1500, QUEUE_BYTES = 1000 * MTU, BATCH = 32 };

struct packet {
    struct packet *next;
    uint64_t lands;
    int bytes;
    unsigned char data[MTU];
};

/* One direction of one place's link. */
struct lane {
    double bytes_per_ns;
    uint64_t free_at;
};

/* What is under way from one place to one other lands in the order in which it left. */
struct flight {
    struct packet *first, *last;
};

struct place {
    struct in_addr address;
    struct lane up, down;
    int tun, space;
    struct flight from[PLACES_MAX];
};

static struct place places[PLACES_MAX];
static int place_count;
static uint64_t delay_ns;
static struct packet *spare;

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void set(int socket, unsigned long request, struct ifreq *wish, const char *what)
{
    if (ioctl(socket, request, wish) < 0)
        err(71, "%s of %s", what, wish->ifr_name);
}

static void put_address(int socket, unsigned long request, struct ifreq *wish, struct in_addr address)
{
    struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr = address };
    memcpy(&wish->ifr_addr, &inet, sizeof inet);
    set(socket, request, wish, "the address");
}

static void raise_device(const char *name, struct in_addr *address)
{
    struct ifreq wish = { 0 };
    strcpy(wish.ifr_name, name);
    int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (address) {
        put_address(inet, SIOCSIFADDR, &wish, *address);
        put_address(inet, SIOCSIFNETMASK, &wish, (struct in_addr){ htonl(0xffffff00) });
        wish.ifr_qlen = 1000;
        set(inet, SIOCSIFTXQLEN, &wish, "the queue");
    }
    wish.ifr_flags = IFF_UP | IFF_RUNNING;
    set(inet, SIOCSIFFLAGS, &wish, "the state");
    close(inet);
}

/* Goes into a new namespace and stays there; the place keeps a descriptor of it. */
static void found(struct place *place)
{
    if (unshare(CLONE_NEWNET))
        err(77, "a network namespace (this needs root)");
    place->space = open("/proc/self/ns/net", O_RDONLY);
    place->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq wish = { .ifr_name = "link0", .ifr_flags = IFF_TUN | IFF_NO_PI };
    if (place->space < 0 || place->tun < 0)
        err(71, "/dev/net/tun");
    set(place->tun, TUNSETIFF, &wish, "a TUN device");
    raise_device("lo", NULL);
    raise_device("link0", &place->address);
}

/* When the last byte is through the link; 0 where the queue before it is full. */
static uint64_t pass(struct lane *lane, uint64_t arrives, int bytes)
{
    if (lane->bytes_per_ns == 0)
        return arrives;
    uint64_t begins = lane->free_at > arrives ? lane->free_at : arrives;
    if ((double)(begins - arrives) * lane->bytes_per_ns > QUEUE_BYTES)
        return 0;
    lane->free_at = begins + (uint64_t)(bytes / lane->bytes_per_ns);
    return lane->free_at;
}

static int place_at(const unsigned char *address)
{
    for (int i = 0; i < place_count; i++)
        if (!memcmp(address, &places[i].address, 4))
            return i;
    return -1;
}

static struct packet *blank(void)
{
    struct packet *packet = spare ? spare : malloc(sizeof *packet);
    if (!packet)
        err(71, "memory");
    spare = spare ? spare->next : NULL;
    packet->next = NULL;
    return packet;
}

static void give_back(struct packet *packet)
{
    packet->next = spare;
    spare = packet;
}

static void send_on(int from, struct packet *packet)
{
    int to = packet->bytes >= 20 && packet->data[0] >> 4 == 4 ? place_at(packet->data + 16) : -1;
    uint64_t left = to < 0 ? 0 : pass(&places[from].up, now_ns(), packet->bytes);
    packet->lands = left ? pass(&places[to].down, left + delay_ns, packet->bytes) : 0;
    if (!packet->lands)
        return give_back(packet);
    struct flight *flight = &places[to].from[from];
    *(flight->first ? &flight->last->next : &flight->first) = packet;
    flight->last = packet;
}

static void take_in(int from)
{
    for (int i = 0; i < BATCH; i++) {
        struct packet *packet = blank();
        packet->bytes = (int)read(places[from].tun, packet->data, MTU);
        if (packet->bytes < 0)
            return give_back(packet);
        send_on(from, packet);
    }
}

/* Lands what is due; says when the next will be. */
static uint64_t land(uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (int to = 0; to < place_count; to++)
        for (int from = 0; from < place_count; from++) {
            struct flight *flight = &places[to].from[from];
            struct packet *packet;
            while ((packet = flight->first) && packet->lands <= now) {
                if (write(places[to].tun, packet->data, (size_t)packet->bytes) < 0 && errno != EAGAIN)
                    err(71, "landing a packet");
                flight->first = packet->next;
                give_back(packet);
            }
            if (packet && packet->lands < next)
                next = packet->lands;
        }
    return next;
}

static void run(void)
{
    struct pollfd watched[PLACES_MAX + 1];
    for (int i = 0; i < place_count; i++)
        watched[i] = (struct pollfd){ .fd = places[i].tun, .events = POLLIN };
    watched[place_count] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
    while (!watched[place_count].revents) {
        uint64_t now = now_ns(), next = land(now);
        uint64_t pause = next == UINT64_MAX ? 1000000000u : next - now;
        struct timespec wait = { (time_t)(pause / 1000000000u), (long)(pause % 1000000000u) };
        if (ppoll(watched, (nfds_t)place_count + 1, &wait, NULL) < 0 && errno != EINTR)
            err(71, "waiting");
        for (int i = 0; i < place_count; i++)
            if (watched[i].revents)
                take_in(i);
    }
}

static void add(const char *word)
{
    char address[32];
    double mbit = 0;
    struct place *place = &places[place_count];
    if (place_count == PLACES_MAX || sscanf(word, "%31[0-9.]/%lf", address, &mbit) < 1
        || !inet_aton(address, &place->address))
        errx(64, "%s is no ADDRESS[/MBIT]", word);
    place->up.bytes_per_ns = place->down.bytes_per_ns = mbit / 8000;
    found(place);
    place_count++;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        errx(64, "usage: links DELAY_MS ADDRESS[/MBIT] ...");
    delay_ns = (uint64_t)(atof(argv[1]) * 1e6);
    for (int i = 2; i < argc; i++)
        add(argv[i]);
    for (int i = 0; i < place_count; i++)
        printf("/proc/%d/fd/%d\n", getpid(), places[i].space);
    puts("");
    fflush(stdout);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    run();
}
