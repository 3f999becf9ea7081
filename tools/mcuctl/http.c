#include "tools/mcuctl/http.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLY_MAX_BYTES = 16 << 20, CONNECT_TIMEOUT_MS = 3000, TIMEOUT_MS = 30000 };

struct http {
    CURL *curl;
    char *base, *authorization, *ca;
    char error[CURL_ERROR_SIZE];
};

struct reply {
    char *data;
    size_t len;
};

struct http *http_open(const char *base, const char *token, const char *ca)
{
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    h->base = strndup(base, len);
    h->ca = strdup(ca);
    bool ok = h->base != NULL && h->ca != NULL && (h->curl = curl_easy_init()) != NULL;
    if (ok && token != NULL)
        ok = asprintf(&h->authorization, "Authorization: Bearer %s", token) > 0;
    if (ok)
        return h;
    http_close(h);
    return NULL;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    struct reply *r = arg;
    size_t len = size * n;
    char *grown = r->len + len > REPLY_MAX_BYTES ? NULL : realloc(r->data, r->len + len + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + r->len, data, len);
    r->data = grown;
    r->len += len;
    return len;
}

static struct curl_slist *headers_of(const struct http *h, const struct http_body *body)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    if (h->authorization != NULL)
        headers = curl_slist_append(headers, h->authorization);
    if (body != NULL) {
        char type[128];
        snprintf(type, sizeof type, "Content-Type: %s", body->type);
        headers = curl_slist_append(headers, type);
    }
    return headers;
}

static void prepare(struct http *h, const char *method, const struct http_body *body)
{
    CURL *c = h->curl;
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
    if (body != NULL) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body->data);
    }
}

static CURLcode perform(CURL *c, const char *ca)
{
    CURLcode code = curl_easy_perform(c);
    if (code != CURLE_PEER_FAILED_VERIFICATION || access(ca, R_OK) != 0)
        return code;
    curl_easy_setopt(c, CURLOPT_CAINFO, ca);
    return curl_easy_perform(c);
}

long http_call(struct http *h, const char *method, const char *path, const struct http_body *body,
    json_t **reply)
{
    struct reply text = {0};
    char *url = NULL;
    long status = -1;
    *reply = NULL;
    snprintf(h->error, sizeof h->error, "out of memory");
    struct curl_slist *headers = headers_of(h, body);
    if (asprintf(&url, "%s/api/v1%s", h->base, path) < 0)
        url = NULL;
    if (url != NULL && headers != NULL) {
        prepare(h, method, body);
        curl_easy_setopt(h->curl, CURLOPT_URL, url);
        curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &text);
        CURLcode code = perform(h->curl, h->ca);
        if (code == CURLE_OK)
            curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
        else if (h->error[0] == '\0')
            snprintf(h->error, sizeof h->error, "%s", curl_easy_strerror(code));
    }
    if (status >= 0 && text.len > 0)
        *reply = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
    curl_slist_free_all(headers);
    free(url);
    free(text.data);
    return status;
}

const char *http_error(const struct http *h)
{
    return h->error;
}

char *http_escape(struct http *h, const char *text)
{
    char *escaped = curl_easy_escape(h->curl, text, 0);
    char *copy = escaped != NULL ? strdup(escaped) : NULL;
    curl_free(escaped);
    return copy;
}

void http_close(struct http *h)
{
    if (h == NULL)
        return;
    if (h->curl != NULL)
        curl_easy_cleanup(h->curl);
    free(h->base);
    free(h->authorization);
    free(h->ca);
    free(h);
}
