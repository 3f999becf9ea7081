#ifndef MCU_HTTP_HTTP_OPTIONS_H
#define MCU_HTTP_HTTP_OPTIONS_H

/* What a path can do, told from the table of routes (OPTIONS, RFC 9110 and RFC 9725), and what
 * pages of the configured origins may read (CORS, the Fetch standard). [control] */

#include "mcu/http/http.h"
#include "mcu/http/http_head.h"
#include "mcu/http/http_request.h"

/* Adds Allow: the methods of the bits, and those that come with them. */
void http_options_allow(struct http_request *r, unsigned methods);

/* Answers OPTIONS: 204 with Accept-Post and Accept-Patch, and what a preflight asks for. */
void http_options_answer(struct http_request *r, const struct http_setup *setup,
    const struct http_head *h, unsigned methods);

/* Lets a page of a configured origin read the answer, whatever it will be; never any origin. */
void http_options_share(
    struct http_request *r, const struct config *cfg, const struct http_head *h);

#endif
