#ifndef MCU_HTTP_HTTP_STREAM_H
#define MCU_HTTP_HTTP_STREAM_H

/* A connection's bytes, plain or through TLS, behind the same calls. What TLS has to say of its own
 * (handshake, alerts) goes out by itself; what a peer may make us hold is bounded. [control] */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct http_tls;
struct ssl_st;

enum {
    HTTP_STREAM_PLAIN = -EPROTOTYPE, /* the peer speaks plain HTTP to us who speak TLS */
};

struct http_stream_ops {
    /* Where what comes is to be put. Without room the stream ends. */
    void (*room)(uv_buf_t *buf, void *arg);
    /* n bytes have been put there. Negative: the stream has ended, and should be closed; after
     * HTTP_STREAM_PLAIN it is a plain one, on which an answer can be written. */
    void (*came)(ssize_t n, void *arg);
};

typedef void http_stream_fn(int status, void *arg);

struct http_stream { /* private to http_stream.c */
    uv_tcp_t tcp;
    const struct http_stream_ops *ops;
    void *arg;
    struct ssl_st *ssl; /* NULL: plain */
    bool reading, spoken, failed;
    size_t greeting_bytes; /* received before the handshake was done */
    uv_write_t write;
    uint8_t *cipher; /* being written */
    http_stream_fn *written;
    void *written_arg;
    uv_shutdown_t shutdown;
    http_stream_fn *shut_down;
    void (*closed)(void *arg);
};

/* Takes what waits on the listener; tls NULL: plain. 0 or a negative errno; either way the stream
 * must be closed before its memory goes. ops is borrowed, arg given to it. */
int http_stream_accept(struct http_stream *st, uv_stream_t *listener, struct http_tls *tls,
    const struct http_stream_ops *ops, void *arg);
int http_stream_peer(const struct http_stream *st, struct sockaddr_storage *peer);

/* Bytes that TLS holds already are given in this very call, so it is for the loop's callbacks, not
 * for ops. 0 or a negative errno. */
int http_stream_read_start(struct http_stream *st);
void http_stream_read_stop(struct http_stream *st);

/* Writes; plain bytes must stay until written(status, arg) is called, later. One write at a time.
 * 0 or a negative errno, and then it is not called. */
int http_stream_write(struct http_stream *st, const uv_buf_t *bufs, unsigned count,
    http_stream_fn *written, void *arg);
/* Sends a few bytes now, or gives up on them. */
void http_stream_say(struct http_stream *st, const char *text, size_t len);
/* Ends our direction after what is being written; done(status, the ops' arg) is called later. */
int http_stream_shutdown(struct http_stream *st, http_stream_fn *done);
/* Ends it without another word; closed(the ops' arg) is called later, once nothing else will be. */
void http_stream_close(struct http_stream *st, void (*closed)(void *arg));

/* A limit on what the system buffers of what we write. */
void http_stream_send_buffer(struct http_stream *st, int bytes);
bool http_stream_secure(const struct http_stream *st); /* it speaks TLS */
bool http_stream_greeted(
    const struct http_stream *st); /* its handshake is done, or there is none */

#endif
