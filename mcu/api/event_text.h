#ifndef MCU_API_EVENT_TEXT_H
#define MCU_API_EVENT_TEXT_H

/* An event as a WebSocket message. [control] */

#include "mcu/http/http_socket.h"

#include <jansson.h>

/* The object (taken over; NULL: none) with the time of day as "time". NULL: no memory. */
struct http_message *event_text(json_t *object);

#endif
