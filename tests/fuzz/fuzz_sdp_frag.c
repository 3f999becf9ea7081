/* A fragment is refused with a reason, or read; with its credentials one of ours can be written,
 * which reads as what was written. */

#include "net/sdp/sdp_frag.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_and_read(const struct sdp_frag *frag)
{
    struct sdp_ice_candidate candidates[2] = {{.tcp = false}, {.tcp = true}};
    struct sdp_frag again;
    struct sdp_error why;
    char *text = NULL;
    net_addr_parse(&candidates[0].addr, "192.0.2.1", 10000);
    net_addr_parse(&candidates[1].addr, "2001:db8::1", 10000);
    if (sdp_frag_print(&frag->credentials, candidates, 2, "0", &text) ||
        sdp_frag_parse(text, strlen(text), &again, &why))
        abort();
    if (strcmp(again.credentials.ufrag, frag->credentials.ufrag) ||
        strcmp(again.credentials.pwd, frag->credentials.pwd) || again.n_candidates != 2 ||
        again.n_media != 1 || !again.end_of_candidates)
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sdp_frag frag;
    struct sdp_error why = {0};
    if (sdp_frag_parse((const char *)data, size, &frag, &why)) {
        if (!why.text)
            abort();
        return 0;
    }
    if (frag.credentials.ufrag[0])
        print_and_read(&frag);
    return 0;
}
