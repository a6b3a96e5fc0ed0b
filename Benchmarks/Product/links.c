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
 * Packets come as the kernel would give them to a network card that cuts them itself (TSO), and go on as it would get
 * them from one that joins them (GRO); they pay for the headers of the packets that a wire would see. One thread.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PLACES_MAX = 32, MTU = 1500, QUEUE_BYTES = 1000 * MTU, BATCH = 16 };

/* As the devices give and take it: what is to be cut and summed, then the packet. */
struct frame {
    struct virtio_net_hdr plan;
    unsigned char data[65536];
} __attribute__((packed));

struct packet {
    struct packet *next;
    uint64_t due;
    int wire_bytes;
    size_t frame_bytes;
    struct frame frame;
};

/* One direction of one place's link. */
struct lane {
    double bytes_per_ns;
    uint64_t free_at;
};

/* Packets in the order in which they are due. */
struct queue {
    struct packet *first, *last;
};

struct place {
    struct in_addr address;
    struct lane up, down;
    int tun, space;
    struct queue from[PLACES_MAX]; /* under way from there, until they reach the link down */
    struct queue landing;          /* in the link down, until they are through */
};

static struct place places[PLACES_MAX];
static int place_count;
static uint64_t delay_ns;

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
    struct ifreq wish = { .ifr_name = "link0", .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
    if (place->space < 0 || place->tun < 0)
        err(71, "/dev/net/tun");
    set(place->tun, TUNSETIFF, &wish, "a TUN device");
    if (ioctl(place->tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0)
        err(71, "large packets");
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

/* Bytes on the wire: cut into packets of the MTU, each has headers of its own. */
static int wire_bytes(const struct frame *frame, int bytes)
{
    int size = frame->plan.gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : frame->plan.gso_size;
    int headers = frame->plan.hdr_len;
    return size > 0 ? bytes + (bytes - headers - 1) / size * headers : bytes;
}

static void append(struct queue *queue, struct packet *packet, uint64_t due)
{
    packet->next = NULL;
    packet->due = due;
    *(queue->first ? &queue->last->next : &queue->first) = packet;
    queue->last = packet;
}

/* NULL where the first one is not due; `next` is then no later than it. */
static struct packet *take_due(struct queue *queue, uint64_t now, uint64_t *next)
{
    struct packet *packet = queue->first;
    if (packet && packet->due <= now) {
        queue->first = packet->next;
        return packet;
    }
    if (packet && packet->due < *next)
        *next = packet->due;
    return NULL;
}

/* What is no packet of IPv4 from one place to another goes nowhere. */
static void send_on(int from, const struct frame *frame, size_t frame_bytes)
{
    int bytes = (int)frame_bytes - (int)sizeof frame->plan;
    int to = bytes >= 20 && frame->data[0] >> 4 == 4 ? place_at(frame->data + 16) : -1;
    if (to < 0)
        return;
    bytes = wire_bytes(frame, bytes);
    uint64_t left = pass(&places[from].up, now_ns(), bytes);
    if (!left)
        return;
    struct packet *packet = malloc(offsetof(struct packet, frame) + frame_bytes);
    if (!packet)
        err(71, "memory");
    packet->wire_bytes = bytes;
    packet->frame_bytes = frame_bytes;
    memcpy(&packet->frame, frame, frame_bytes);
    append(&places[to].from[from], packet, left + delay_ns);
}

static void take_in(int from)
{
    static struct frame frame;
    for (int i = 0; i < BATCH; i++) {
        ssize_t bytes = read(places[from].tun, &frame, sizeof frame);
        if (bytes < 0)
            return;
        send_on(from, &frame, (size_t)bytes);
    }
}

/* Only now does it take its turn in the link down: who waits long in his own link up must not hold up others. */
static void arrive(struct place *place, struct packet *packet)
{
    uint64_t lands = pass(&place->down, packet->due, packet->wire_bytes);
    if (lands)
        append(&place->landing, packet, lands);
    else
        free(packet);
}

/* Moves on what is due; says when the next will be. */
static uint64_t move(uint64_t now)
{
    uint64_t next = UINT64_MAX;
    struct packet *packet;
    for (struct place *place = places; place < places + place_count; place++) {
        for (int from = 0; from < place_count; from++)
            while ((packet = take_due(&place->from[from], now, &next)))
                arrive(place, packet);
        while ((packet = take_due(&place->landing, now, &next))) {
            if (write(place->tun, &packet->frame, packet->frame_bytes) < 0 && errno != EAGAIN)
                err(71, "landing a packet");
            free(packet);
        }
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
        uint64_t now = now_ns(), next = move(now);
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
