/* The examples' machine: a Cortex-M4F without any C library, as the emulator has it (machine mps2-an386). The file is read
 * by semihosting; its path is what follows the first blank of the command line.
 */
#include "platform.h"

extern uint32_t data_start[], data_end[], data_image[], bss_start[], bss_end[], stack_end[];

enum { OPEN = 0x01, WRITE0 = 0x04, READ = 0x06, COMMAND_LINE = 0x15, EXIT = 0x18 };
enum { READ_BINARY = 1, EXIT_GOOD = 0x20026, EXIT_BAD = 0x20023 };

static int32_t file;

static int32_t semihosting(int32_t operation, const void *arguments) {
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

size_t platform_read(uint8_t *bytes, size_t n) {
    const uint32_t arguments[] = {(uint32_t)file, (uint32_t)bytes, n};
    /* It answers how many bytes it did not read. */
    return n - (size_t)semihosting(READ, arguments);
}

void platform_print(const char *text) { semihosting(WRITE0, text); }

static int run(void) {
    static char line[1024];
    const uint32_t command[] = {(uint32_t)line, sizeof line};
    if (semihosting(COMMAND_LINE, command) != 0) return 1;
    const char *path = line;
    while (*path != '\0' && *path != ' ') path++;
    if (*path == ' ') path++;
    uint32_t length = 0;
    while (path[length] != '\0') length++;
    const uint32_t arguments[] = {(uint32_t)path, READ_BINARY, length};
    file = semihosting(OPEN, arguments);
    if (file < 0) {
        platform_print("no such file\n");
        return 1;
    }
    return example();
}

__attribute__((noreturn)) static void leave(int32_t reason) {
    semihosting(EXIT, (const void *)reason);
    for (;;) {
    }
}

__attribute__((noreturn)) void reset(void) {
    /* The FPU, before anything uses it: full access to coprocessors 10 and 11. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\nisb" ::: "memory");
    for (uint32_t *to = data_start, *from = data_image; to < data_end;) *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
    leave(run() == 0 ? EXIT_GOOD : EXIT_BAD);
}

__attribute__((noreturn)) static void fault(void) {
    platform_print("fault\n");
    leave(EXIT_BAD);
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {stack_end, {reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault}};
