/* What the examples need of the machine they run on. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stddef.h>
#include <stdint.h>

/* The next bytes of the stream, at most n; 0 at its end. */
size_t platform_read(uint8_t *bytes, size_t n);

void platform_print(const char *text);

/* The example; 0 where it went well. */
int example(void);

#endif
