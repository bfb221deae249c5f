/* Sends the records of an FCIO file over any transport of FlashCam's library: fcio_link INPUT OUTPUT */
#include <stdio.h>

#include "fcio.h"

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: fcio_link INPUT OUTPUT\n");
        return 2;
    }
    FCIOData *input = FCIOOpen(argv[1], 0, 0);
    if (!input) {
        fprintf(stderr, "fcio_link: cannot open %s\n", argv[1]);
        return 1;
    }
    FCIOStream output = FCIOConnect(argv[2], 'w', 10000, 0);
    if (!output) {
        fprintf(stderr, "fcio_link: cannot connect to %s\n", argv[2]);
        return 1;
    }
    int records = 0;
    for (int tag; (tag = FCIOGetRecord(input)) > 0; records++) {
        if (FCIOPutRecord(output, input, tag) < 0) {
            fprintf(stderr, "fcio_link: record %d was not sent\n", records);
            return 1;
        }
    }
    FCIODisconnect(output);
    FCIOClose(input);
    printf("%d records\n", records);
    return 0;
}
