#include "mcu/http/http_stream.h"

#include "mcu/http/http_tls.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 16384,             /* plain bytes of a TLS record, and what is read at once */
    RECORD_EXTRA = 64,         /* that a record is longer than its plain bytes, at most */
    GREETING_MAX = 16 * 1024,  /* bytes of a client's handshake */
    UNASKED_MAX = 64 * 1024,   /* bytes a peer that does not read may make TLS say */
    TLS_HANDSHAKE_BYTE = 0x16, /* RFC 8446, 5.1 */
};

/* uv asks for room and fills it within one turn of one loop, so all connections can share it. */
static _Thread_local char received[CHUNK];

/* --- what TLS says of its own ----------------------------------------------------------------- */
struct unasked {
    uv_write_t write;
    char bytes[];
};

static void on_unasked(uv_write_t *write, int status)
{
    (void)status; /* a broken connection tells by its reads */
    free(write->data);
}

static int queue_unasked(struct http_stream *st, const char *bytes, size_t len)
{
    uv_stream_t *stream = (uv_stream_t *)&st->tcp;
    if (uv_stream_get_write_queue_size(stream) + len > UNASKED_MAX)
        return -ENOBUFS;
    struct unasked *u = malloc(sizeof(*u) + len);
    if (!u)
        return -ENOMEM;
    memcpy(u->bytes, bytes, len);
    u->write.data = u;
    const uv_buf_t buf = uv_buf_init(u->bytes, (unsigned)len);
    int err = uv_write(&u->write, stream, &buf, 1, on_unasked);
    if (err)
        free(u);
    return err;
}

static int flush(struct http_stream *st)
{
    char *bytes;
    BIO *out = SSL_get_wbio(st->ssl);
    size_t len = (size_t)BIO_get_mem_data(out, &bytes);
    if (!len)
        return 0;
    const uv_buf_t buf = uv_buf_init(bytes, (unsigned)len);
    int n = uv_try_write((uv_stream_t *)&st->tcp, &buf, 1);
    size_t sent = n > 0 ? (size_t)n : 0;
    int err = n < 0 && n != UV_EAGAIN ? n : 0;
    if (!err && sent < len)
        err = queue_unasked(st, bytes + sent, len - sent);
    (void)BIO_reset(out);
    return err;
}

/* --- reading ---------------------------------------------------------------------------------- */
static void came(struct http_stream *st, ssize_t n)
{
    if (n < 0)
        http_stream_read_stop(st);
    st->ops->came(n, st->arg);
}

/* Bytes in room, 0: more ciphertext is to come; or the end. */
static ssize_t decrypt(struct http_stream *st, const uv_buf_t *room)
{
    ERR_clear_error();
    int n = SSL_read(st->ssl, room->base, (int)room->len);
    int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(st->ssl, n);
    if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN)
        st->failed = true;
    int err = flush(st);
    if (n > 0)
        return err ? err : n;
    if (why == SSL_ERROR_WANT_READ)
        return err;
    return why == SSL_ERROR_ZERO_RETURN ? UV_EOF : UV_EPROTO;
}

/* Hands on what TLS has, as long as it is wanted. */
static void pump(struct http_stream *st)
{
    while (st->reading) {
        uv_buf_t room;
        st->ops->room(&room, st->arg);
        ssize_t n = room.len ? decrypt(st, &room) : UV_ENOBUFS;
        if (!n)
            return;
        came(st, n);
    }
}

static void take_plain_peer(struct http_stream *st)
{
    SSL_free(st->ssl);
    st->ssl = NULL;
    came(st, HTTP_STREAM_PLAIN);
}

static void take_ciphertext(struct http_stream *st, const char *bytes, size_t len)
{
    bool greeting = !SSL_is_init_finished(st->ssl);
    if (BIO_write(SSL_get_rbio(st->ssl), bytes, (int)len) != (int)len) {
        came(st, -ENOMEM);
        return;
    }
    pump(st);
    /* What follows the handshake may have come with its end, and does not count. */
    if (!greeting || !st->reading || SSL_is_init_finished(st->ssl))
        return;
    st->greeting_bytes += len;
    if (st->greeting_bytes > GREETING_MAX)
        came(st, -EMSGSIZE);
}

static void on_received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct http_stream *st = stream->data;
    if (n < 0) {
        came(st, n);
    } else if (n > 0 && !st->spoken && isupper((unsigned char)buf->base[0])) {
        take_plain_peer(st);
    } else if (n > 0) {
        st->spoken = true;
        take_ciphertext(st, buf->base, (size_t)n);
    }
}

static void on_plain(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)buf;
    if (n)
        came(stream->data, n);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct http_stream *st = handle->data;
    (void)suggested;
    if (st->ssl)
        *buf = uv_buf_init(received, sizeof(received));
    else
        st->ops->room(buf, st->arg);
}

int http_stream_read_start(struct http_stream *st)
{
    uv_read_cb on_read = st->ssl ? on_received : on_plain;
    int err = uv_read_start((uv_stream_t *)&st->tcp, on_alloc, on_read);
    if (err)
        return err;
    st->reading = true;
    if (st->ssl && st->spoken)
        pump(st);
    return 0;
}

void http_stream_read_stop(struct http_stream *st)
{
    st->reading = false;
    uv_read_stop((uv_stream_t *)&st->tcp);
}

/* --- writing ---------------------------------------------------------------------------------- */
static void on_written(uv_write_t *write, int status)
{
    struct http_stream *st = write->data;
    free(st->cipher);
    st->cipher = NULL;
    st->written(status, st->written_arg);
}

static int start_write(struct http_stream *st, const uv_buf_t *bufs, unsigned count)
{
    st->write.data = st;
    return uv_write(&st->write, (uv_stream_t *)&st->tcp, bufs, count, on_written);
}

/* Moves what TLS has made of our bytes to the end of out. */
static int take_records(struct http_stream *st, uv_buf_t *out, size_t cap)
{
    size_t len = BIO_ctrl_pending(SSL_get_wbio(st->ssl));
    if (len > cap - out->len ||
        (len && BIO_read(SSL_get_wbio(st->ssl), out->base + out->len, (int)len) != (int)len))
        return -ENOBUFS;
    out->len += len;
    return 0;
}

static int encrypt_record(
    struct http_stream *st, const char *bytes, size_t len, uv_buf_t *out, size_t cap)
{
    ERR_clear_error();
    if (!len)
        return 0;
    if (SSL_write(st->ssl, bytes, (int)len) != (int)len) {
        st->failed = true;
        return -EPROTO;
    }
    return take_records(st, out, cap);
}

/* Records as full as can be, of all the buffers. */
static int encrypt(
    struct http_stream *st, const uv_buf_t *bufs, unsigned count, uv_buf_t *out, size_t cap)
{
    char plain[CHUNK];
    size_t used = 0;
    int err = 0;
    for (unsigned i = 0; i < count; i++)
        for (size_t at = 0; at < bufs[i].len && !err;) {
            size_t n = bufs[i].len - at < CHUNK - used ? bufs[i].len - at : CHUNK - used;
            memcpy(plain + used, bufs[i].base + at, n);
            at += n;
            used += n;
            if (used < CHUNK)
                continue;
            err = encrypt_record(st, plain, used, out, cap);
            used = 0;
        }
    return err ? err : encrypt_record(st, plain, used, out, cap);
}

static int write_cipher(struct http_stream *st, const uv_buf_t *bufs, unsigned count)
{
    size_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += bufs[i].len;
    size_t cap = total + (total / CHUNK + 1) * RECORD_EXTRA;
    if (st->failed)
        return -EPROTO;
    st->cipher = malloc(cap);
    if (!st->cipher)
        return -ENOMEM;
    uv_buf_t out = uv_buf_init((char *)st->cipher, 0);
    int err = encrypt(st, bufs, count, &out, cap);
    if (!err)
        err = start_write(st, &out, 1);
    if (err) {
        free(st->cipher);
        st->cipher = NULL;
    }
    return err;
}

int http_stream_write(struct http_stream *st, const uv_buf_t *bufs, unsigned count,
    http_stream_fn *written, void *arg)
{
    st->written = written;
    st->written_arg = arg;
    return st->ssl ? write_cipher(st, bufs, count) : start_write(st, bufs, count);
}

void http_stream_say(struct http_stream *st, const char *text, size_t len)
{
    const uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)len);
    ERR_clear_error();
    if (!st->ssl)
        uv_try_write((uv_stream_t *)&st->tcp, &buf, 1);
    else if (!st->failed && SSL_write(st->ssl, text, (int)len) == (int)len)
        flush(st);
}

/* --- the start and the end -------------------------------------------------------------------- */
int http_stream_accept(struct http_stream *st, uv_stream_t *listener, struct http_tls *tls,
    const struct http_stream_ops *ops, void *arg)
{
    uv_tcp_init(listener->loop, &st->tcp);
    st->tcp.data = st;
    st->ops = ops;
    st->arg = arg;
    int err = uv_accept(listener, (uv_stream_t *)&st->tcp);
    if (err)
        return err;
    uv_tcp_nodelay(&st->tcp, 1);
    st->ssl = tls ? http_tls_session(tls) : NULL;
    return tls && !st->ssl ? -ENOMEM : 0;
}

int http_stream_peer(const struct http_stream *st, struct sockaddr_storage *peer)
{
    int len = sizeof(*peer);
    return uv_tcp_getpeername(&st->tcp, (struct sockaddr *)peer, &len);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
    struct http_stream *st = shutdown->handle->data;
    st->shut_down(status, st->arg);
}

int http_stream_shutdown(struct http_stream *st, http_stream_fn *done)
{
    ERR_clear_error();
    if (st->ssl && !st->failed && SSL_is_init_finished(st->ssl)) {
        SSL_shutdown(st->ssl);
        flush(st);
    }
    st->shut_down = done;
    return uv_shutdown(&st->shutdown, (uv_stream_t *)&st->tcp, on_shut_down);
}

static void on_closed(uv_handle_t *handle)
{
    struct http_stream *st = handle->data;
    SSL_free(st->ssl);
    st->ssl = NULL;
    st->closed(st->arg);
}

void http_stream_close(struct http_stream *st, void (*closed)(void *arg))
{
    st->reading = false;
    st->closed = closed;
    uv_close((uv_handle_t *)&st->tcp, on_closed);
}

void http_stream_send_buffer(struct http_stream *st, int bytes)
{
    uv_send_buffer_size((uv_handle_t *)&st->tcp, &bytes);
}

bool http_stream_secure(const struct http_stream *st)
{
    return st->ssl;
}

bool http_stream_greeted(const struct http_stream *st)
{
    return !st->ssl || SSL_is_init_finished(st->ssl);
}
