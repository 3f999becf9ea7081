// Requests to the server this page came from. Every one has a time limit, and whatever goes wrong
// becomes an ApiError whose code has a text in the language tables.
import { hasText } from './i18n.js';

export class ApiError extends Error {
    constructor(code, status = 0, retryAfter = 0) {
        super(code);
        this.name = 'ApiError';
        this.code = code;
        this.status = status;
        this.retryAfter = retryAfter; // seconds; 0: not told
    }

    // The network or the server is away, rather than the request being wrong.
    get passing() {
        return ['offline', 'timeout'].includes(this.code) || this.status >= 500;
    }
}

// The key of the text that says what went wrong.
export function errorKey(error) {
    const code = error instanceof ApiError ? error.code : 'unknown';
    if (hasText(`error.${code}`)) return `error.${code}`;
    return error?.status >= 500 ? 'error.server' : 'error.unknown';
}

async function failure(response) {
    let code = `http_${response.status}`;
    try {
        const body = JSON.parse(await response.text());
        if (typeof body.error === 'string') code = body.error;
    } catch {
        // Not JSON: the status has to do.
    }
    const after = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
    return new ApiError(code, response.status, Number.isFinite(after) && after > 0 ? after : 0);
}

function headersOf({ token, type, headers }) {
    return {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(type ? { 'Content-Type': type } : {}),
        ...headers,
    };
}

// Resolves to {response, text} of a 2xx answer; rejects with an ApiError.
export async function send(
    method,
    path,
    { body, timeout = 8000, keepalive = false, ...rest } = {},
) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
        const response = await fetch(path, {
            method,
            body,
            keepalive,
            signal: abort.signal,
            headers: headersOf(rest),
            cache: 'no-store',
            credentials: 'omit',
            redirect: 'error',
            referrerPolicy: 'no-referrer',
        });
        if (!response.ok) throw await failure(response);
        return { response, text: await response.text() };
    } catch (error) {
        if (error instanceof ApiError) throw error;
        throw new ApiError(abort.signal.aborted ? 'timeout' : 'offline');
    } finally {
        clearTimeout(timer);
    }
}

export async function json(method, path, { body, ...rest } = {}) {
    const type = body === undefined ? undefined : 'application/json';
    const { text } = await send(method, path, {
        ...rest,
        type,
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (text === '') return null;
    try {
        return JSON.parse(text);
    } catch {
        throw new ApiError('unknown');
    }
}

export const roomPath = (room) => `/api/v1/rooms/${encodeURIComponent(room)}`;

export const api = {
    entry: (room) => json('GET', `${roomPath(room)}/entry`),
    enter: (room, { token, name, pin } = {}) =>
        json('POST', `${roomPath(room)}/enter`, {
            token,
            body: { name: name || undefined, pin: pin || undefined },
        }),
    room: (room, token, changes) => json('PATCH', roomPath(room), { token, body: changes }),
    close: (room, token) => json('DELETE', roomPath(room), { token }),
    person: (room, token, id, changes) =>
        json('PATCH', `${roomPath(room)}/participants/${encodeURIComponent(id)}`, {
            token,
            body: changes,
        }),
    remove: (room, token, id) =>
        json('DELETE', `${roomPath(room)}/participants/${encodeURIComponent(id)}`, { token }),
    lobby: (room, token, id, admit) =>
        json('POST', `${roomPath(room)}/lobby/${encodeURIComponent(id)}`, {
            token,
            body: { admit },
        }),
    link: (room, token, wish) => json('POST', `${roomPath(room)}/links`, { token, body: wish }),
};
