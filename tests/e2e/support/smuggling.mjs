// Requests that two readers could take for two different things (RFC 9112, 11.2).
import assert from 'node:assert/strict';
import { request } from './raw.mjs';

// Each must get one refusal, and the connection must end. ask sends bytes and gives the connection
// after its end.
export async function refusesTwoFramings(token, ask) {
    const smuggled = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    const authorized = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    for (const headers of [
        { 'Content-Length': 6, 'Transfer-Encoding': 'chunked' },
        { 'Transfer-Encoding': 'chunked', 'Content-Length': 6 },
        { 'Transfer-Encoding': 'xchunked', 'Content-Length': 6 },
        { 'Transfer-Encoding': 'chunked' },
        { 'Content-Length': '6\r\nContent-Length: 7' },
        { 'Content-Length': '6, 6' },
        { 'Content-Length': '+6' },
        { 'Content-Length': '-6' },
        { 'Content-Length': '0x6' },
        { 'Content-Length': '99999999999999999999' },
        {},
    ]) {
        const raw = await ask(
            request(
                'POST',
                '/api/v1/rooms',
                { ...authorized, Connection: 'keep-alive', ...headers },
                `0\r\n\r\n${smuggled}`,
            ),
        );
        const answers = raw.text().match(/HTTP\/1\.1 \d+/g);
        assert.equal(answers?.length, 1, `${JSON.stringify(headers)}: ${raw.text()}`);
        assert.ok([400, 411, 413].includes(raw.status()), raw.text());
        assert.match(raw.text(), /connection: close/i);
    }
}
