/* Counts the events of a CoMPASS stream and adds up their energies, as firmware does it: the stream comes in pieces of 4 KiB,
 * all memory is static, and nothing of the C library is used. What it needs of its surroundings is in platform.h.
 */
#include "platform.h"
#include "tierline.h"

enum { READ = 4096, WINDOW = 16384, PIECE = 1024 };

static uint64_t parser_memory[TIERLINE_COMPASS_PARSER_ROOM / sizeof(uint64_t)];
static uint64_t rows_memory[TIERLINE_COMPASS_ROWS_ROOM / sizeof(uint64_t)];
static uint8_t window[WINDOW];

/* What the rows are turned into. */
struct tally {
    size_t energy_column;
    uint64_t energies, packet_energies;
    uint64_t events, packet_events;
};

static bool same(tierline_text text, const char *name) {
    size_t i = 0;
    while (i < text.len && name[i] == text.at[i]) i++;
    return i == text.len && name[i] == '\0';
}

static int32_t declare(void *context, const tierline_table *table) {
    struct tally *tally = context;
    tierline_column column;
    for (size_t i = 0; tierline_table_column(table, i, &column) == TIERLINE_ITEM; i++) {
        if (same(column.name, "energy")) {
            tally->energy_column = i;
            return 0;
        }
    }
    return 1;
}

static void begin(void *context, tierline_table_id table, const tierline_key *key, uint32_t row) {
    struct tally *tally = context;
    (void)table, (void)key, (void)row;
    tally->packet_events++;
}

static void put(void *context, uint32_t row, size_t column, const tierline_value *value) {
    struct tally *tally = context;
    (void)row;
    if (column == tally->energy_column) tally->packet_energies += value->number.u;
}

static void commit(void *context) {
    struct tally *tally = context;
    tally->events += tally->packet_events;
    tally->energies += tally->packet_energies;
    tally->packet_events = tally->packet_energies = 0;
}

static void abort_packet(void *context) {
    struct tally *tally = context;
    tally->packet_events = tally->packet_energies = 0;
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
    struct tally tally = {0};
    const tierline_sink sink = {
        .context = &tally, .declare = declare, .begin = begin, .put = put, .commit = commit, .abort = abort_packet};
    tierline_parser *parser;
    tierline_rows *rows;
    int32_t status =
        tierline_parser_new(parser_memory, sizeof parser_memory, &tierline_compass, PIECE, WINDOW, &parser);
    if (status < 0) return failed("parser", status);
    status = tierline_rows_new(rows_memory, sizeof rows_memory, &tierline_compass_rows, &rows);
    if (status < 0) return failed("rows", status);

    size_t head = 0, tail = 0;
    uint64_t bytes = 0, garbage = 0;
    bool eof = false;
    for (;;) {
        tierline_outcome outcome;
        status = tierline_step(parser, window + head, tail - head, eof, &outcome);
        if (status == TIERLINE_END) break;
        if (status < 0) return failed("stream", status);
        if (status == TIERLINE_NEED) {
            /* The rest to the front, and one more read behind it. */
            for (size_t i = head; i < tail; i++) window[i - head] = window[i];
            tail -= head;
            head = 0;
            size_t room = WINDOW - tail < READ ? WINDOW - tail : READ;
            size_t n = platform_read(window + tail, room);
            eof = n == 0;
            tail += n;
            continue;
        }
        if (status == TIERLINE_ITEM) {
            tierline_error error;
            status = tierline_rows_part(rows, &outcome.part, window + head, tail - head, &sink, &error);
            if (status < 0 && error.scope == TIERLINE_SCOPE_STREAM) return failed("rows", status);
        } else {
            garbage += outcome.used;
            if (outcome.abort) tierline_rows_abort(rows, &sink);
        }
        bytes += outcome.used;
        head += outcome.used;
    }
    print_number("", tally.events, " events\n");
    print_number("", bytes, " bytes, ");
    print_number("", garbage, " of them garbage\n");
    print_number("sum of energies ", tally.energies, "\n");
    return 0;
}
