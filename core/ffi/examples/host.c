/* The examples' machine: a program that reads the file it is given. */
#include <stdio.h>

#include "platform.h"

static FILE *file;

size_t platform_read(uint8_t *bytes, size_t n) { return fread(bytes, 1, n, file); }

void platform_print(const char *text) { fputs(text, stdout); }

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    file = fopen(argv[1], "rb");
    if (file == NULL) {
        perror(argv[1]);
        return 1;
    }
    int status = example();
    fclose(file);
    return status;
}
