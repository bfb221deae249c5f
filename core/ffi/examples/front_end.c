/* Sends a CoMPASS stream as records, samples in Rice codes, to a link that may lose bytes; all memory is static, and nothing of
 * the C library is used. The link is a number here: the CRC-32 of what went over it.
 */
#include "platform.h"
#include "tierline.h"

enum { READ = 4096, WINDOW = 16384, PIECE = 1024, LONGEST = 2048 };

static uint64_t parser_memory[TIERLINE_COMPASS_PARSER_ROOM / sizeof(uint64_t)];
static uint64_t front_end_memory[TIERLINE_FRONT_END_ROOM / sizeof(uint64_t)];
static uint8_t window[WINDOW], scratch[2 * LONGEST], frame[LONGEST + LONGEST / 128 + 8];

/* Where the records go: firmware would have a ring here, and hand its bytes to a DMA engine. */
struct wire {
    uint64_t bytes;
    uint32_t crc;
};

static uint8_t *grant(void *context, size_t max) {
    (void)context;
    return max <= sizeof frame ? frame : NULL;
}

static void commit(void *context, size_t used) {
    struct wire *wire = context;
    wire->crc = tierline_crc32(wire->crc, frame, used);
    wire->bytes += used;
}

static void print_number(const char *before, uint64_t number, const char *after) {
    char digits[21], *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    platform_print(before);
    platform_print(at);
    platform_print(after);
}

static int failed(const char *what, int32_t status) {
    platform_print(what);
    print_number(": error -", (uint64_t)-status, "\n");
    return 1;
}

int example(void) {
    struct wire wire = {0};
    const tierline_link link = {
        .context = &wire, .scratch = scratch, .scratch_len = sizeof scratch, .grant = grant, .commit = commit};
    const tierline_settings settings = {.format = &tierline_compass,
                                        .source = {"example", 7},
                                        .session = 1,
                                        .firmware = {0, 1, 0},
                                        .codec = TIERLINE_CODEC_RICE32,
                                        .framing = TIERLINE_FRAMING_COBS,
                                        .checksum = true};
    tierline_parser *parser;
    tierline_front_end *front_end;
    int32_t status =
        tierline_parser_new(parser_memory, sizeof parser_memory, &tierline_compass, PIECE, WINDOW, &parser);
    if (status < 0) return failed("parser", status);
    status = tierline_front_end_new(front_end_memory, sizeof front_end_memory, &settings, &front_end);
    if (status < 0) return failed("front end", status);

    size_t held = 0;
    bool eof = false;
    do {
        tierline_progress progress;
        size_t room = WINDOW - held < READ ? WINDOW - held : READ;
        size_t n = platform_read(window + held, room);
        eof = n == 0;
        held += n;
        status = tierline_front_end_run(front_end, parser, window, held, eof, &link, &progress);
        if (status < 0) return failed("source", status);
        for (size_t i = progress.used; i < held; i++) window[i - progress.used] = window[i];
        held -= progress.used;
    } while (status != TIERLINE_END);
    status = tierline_front_end_end(front_end, &link);
    if (status < 0) return failed("end", status);

    tierline_account account;
    tierline_front_end_account(front_end, &account);
    print_number("", account.sent, " packets of ");
    print_number("", account.bytes, " bytes, ");
    print_number("", account.dropped, " dropped\n");
    print_number("", account.records, " records in ");
    print_number("", wire.bytes, " bytes, ");
    print_number("CRC-32 ", wire.crc, "\n");
    return 0;
}
