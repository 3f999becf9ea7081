#include "mcu/json_text.h"

bool json_text_deeper(const char *text, size_t len, int depth)
{
    int at = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '['))
            at++;
        else if (!quoted && (text[i] == '}' || text[i] == ']'))
            at--;
        if (at > depth)
            return true;
    }
    return false;
}

json_t *json_text_object(const char *text, size_t len, int depth)
{
    if (json_text_deeper(text, len, depth))
        return NULL;
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}
