/* The page: its documents and the files they are made of. */

#include "mcu/api/api.h"
#include "mcu/api/web_files.h"
#include "mcu/api/web_folder.h"
#include "mcu/config.h"
#include "mcu/http/http_guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ICON "icon.svg"

enum { POLICY_MAX = 1024, ETAG_MAX = 40 };

/* What is to be answered; held by the program or, from web_dir, by us. */
struct page_file {
    const uint8_t *bytes, *gzip;
    size_t len, gzip_len;
    char hash[WEB_FOLDER_HASH];
    uint8_t *ours;
};

static const char *media_type(const char *file)
{
    static const struct {
        const char *extension, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".png", "image/png"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
        {".wav", "audio/wav"},
        {".ogg", "audio/ogg"},
        {".opus", "audio/ogg"},
    };
    const char *extension = strrchr(file, '.');
    for (size_t i = 0; extension && i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(extension, types[i].extension))
            return types[i].type;
    return "application/octet-stream";
}

/* --- where a file comes from ------------------------------------------------------------------ */
/* Only what is in the table can be asked for: there is no path to leave. */
static int find_embedded(struct page_file *f, const char *folder, const char *file)
{
    size_t above = folder ? strlen(folder) + 1 : 0;
    for (size_t i = 0; i < web_file_count; i++) {
        const struct web_file *w = &web_files[i];
        if (folder && (strncmp(w->path, folder, above - 1) || w->path[above - 1] != '/'))
            continue;
        if (strcmp(w->path + above, file))
            continue;
        *f = (struct page_file){.bytes = w->bytes,
            .len = (size_t)(w->end - w->bytes),
            .gzip = w->gzip,
            .gzip_len = w->gzip ? (size_t)(w->gzip_end - w->gzip) : 0};
        snprintf(f->hash, sizeof(f->hash), "%s", w->hash);
        return 0;
    }
    return -ENOENT;
}

static int find_file(
    struct page_file *f, const struct config *cfg, const char *folder, const char *file)
{
    if (!*cfg->web_dir)
        return find_embedded(f, folder, file);
    *f = (struct page_file){0};
    int err = web_folder_read(cfg->web_dir, folder, file, &f->ours, &f->len, f->hash);
    f->bytes = f->ours;
    return err;
}

/* --- answering -------------------------------------------------------------------------------- */
/* Nothing but what we serve ourselves runs, loads or is connected to. Browsers that do not take
 * WebSockets for 'self' want them named; to those that do not understand an IPv6 address in a
 * policy it is not named. */
static void add_policy(struct http_request *r)
{
    char policy[POLICY_MAX], sockets[2 * HTTP_HOST_MAX + 24] = "";
    const char *host = http_host(r);
    if (*host != '[' && http_secure(r))
        snprintf(sockets, sizeof(sockets), " wss://%s", host);
    else if (*host != '[')
        snprintf(sockets, sizeof(sockets), " ws://%s wss://%s", host, host);
    snprintf(policy, sizeof(policy),
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob: mediastream:; connect-src 'self'%s; object-src 'none'; "
        "frame-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        sockets);
    http_header(r, "Content-Security-Policy", policy);
    http_header(r, "Permissions-Policy",
        "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), "
        "fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self), "
        "accelerometer=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), midi=(), "
        "payment=(), publickey-credentials-get=(), serial=(), usb=(), xr-spatial-tracking=()");
}

static void respond_file(struct http_request *r, const struct page_file *f, const char *file)
{
    char etag[ETAG_MAX];
    const char *codings = http_request_header(r, "accept-encoding");
    const char *known = http_request_header(r, "if-none-match");
    bool gzip = f->gzip && codings && http_guard_coding(codings, "gzip");
    snprintf(etag, sizeof(etag), "\"%s%s\"", f->hash, gzip ? "-gzip" : "");
    add_policy(r);
    http_header(r, "Cache-Control", "no-cache");
    http_header(r, "ETag", etag);
    if (f->gzip)
        http_header(r, "Vary", "Accept-Encoding");
    if (known && http_guard_etag(known, etag)) {
        http_respond(r, 304, NULL, NULL, 0);
        return;
    }
    if (gzip)
        http_header(r, "Content-Encoding", "gzip");
    http_respond(r, 200, media_type(file), gzip ? f->gzip : f->bytes, gzip ? f->gzip_len : f->len);
}

static void serve(struct http_request *r, const struct api *api, const char *folder,
    const char *file, int otherwise)
{
    struct page_file f;
    int err = find_file(&f, api->cfg, folder, file);
    if (!err) {
        respond_file(r, &f, file);
        free(f.ours);
    } else if (err == -ENOENT && otherwise == 204) {
        http_respond(r, 204, NULL, NULL, 0);
    } else if (err == -ENOENT) {
        http_error(r, 404, "no_file", "there is no such file");
    } else {
        http_error(r, 503, "unreadable", "the file cannot be read now");
    }
}

/* --- the handlers ----------------------------------------------------------------------------- */
void api_page_index(struct http_request *r, void *arg)
{
    serve(r, arg, NULL, "index.html", 404);
}

void api_page_admin(struct http_request *r, void *arg)
{
    serve(r, arg, NULL, "admin.html", 404);
}

void api_page_file(struct http_request *r, void *arg)
{
    serve(r, arg, http_param(r, "folder"), http_param(r, "file"), 404);
}

/* Browsers ask for it unasked. */
void api_page_icon(struct http_request *r, void *arg)
{
    serve(r, arg, NULL, ICON, 204);
}
