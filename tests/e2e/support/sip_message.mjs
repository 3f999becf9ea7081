// SIP messages (RFC 3261) as far as a telephone on a quiet line needs them: read and written.

// Header names' short forms (section 7.3.3).
const short = { v: 'via', f: 'from', t: 'to', i: 'call-id', m: 'contact', l: 'content-length', c: 'content-type' };

// {method, uri} or {status}, headers by lower-case name (lists, in order), body; undefined for noise.
export function parseMessage(data) {
    const text = data.toString('utf8');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [start, ...lines] = text.slice(0, end).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
    const headers = {};
    for (const line of lines) {
        const [, name, value] = line.match(/^([^\s:]+)\s*:\s*(.*?)\s*$/) ?? [];
        if (!name) return undefined;
        const key = name.toLowerCase();
        (headers[short[key] ?? key] ??= []).push(value);
    }
    const message = { headers, body: text.slice(end + 4) };
    const reply = start.match(/^SIP\/2\.0 (\d{3}) /);
    const request = start.match(/^([A-Z]+) (\S+) SIP\/2\.0$/);
    if (!reply && !request) return undefined;
    if (reply) message.status = Number(reply[1]);
    else [, message.method, message.uri] = request;
    const [number, method] = headers.cseq?.[0].split(/\s+/) ?? [];
    return { ...message, cseq: Number(number), cseqMethod: method, callId: headers['call-id']?.[0] };
}

// The parts of a From, To or Contact: {uri, tag, display}.
export function parseAddress(value) {
    const [, display, uri = value.split(';')[0]] = value.match(/^\s*"?([^"<]*?)"?\s*<([^>]+)>/) ?? [];
    return { uri, display: display || undefined, tag: value.match(/;\s*tag=([^;\s]+)/)?.[1] };
}

export const userOf = (uri) => decodeURIComponent(uri.match(/^sips?:([^@;]+)@/)?.[1] ?? '');

// headers: [name, value] pairs. What is sent carries its length (section 18.3).
export function formatMessage(start, headers, body = '') {
    const lines = [...headers, ['Content-Length', Buffer.byteLength(body)]];
    return `${start}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

// A reply repeats the request's Via, From, To, Call-ID and CSeq (section 8.2.6.2).
export function formatReply(request, [status, reason], { tag, headers = [], body } = {}) {
    const { via, from, to, cseq } = request.headers;
    const tagged = tag && !parseAddress(to[0]).tag ? `${to[0]};tag=${tag}` : to[0];
    const repeated = [
        ...via.map((value) => ['Via', value]),
        ['From', from[0]],
        ['To', tagged],
        ['Call-ID', request.callId],
        ['CSeq', cseq[0]],
    ];
    return formatMessage(`SIP/2.0 ${status} ${reason}`, [...repeated, ...headers], body);
}

export const branchOf = (message) => message.headers.via[0].match(/;\s*branch=([^;\s]+)/)?.[1];
