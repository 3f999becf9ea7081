// A page of a real browser as a participant, the same for Chromium (Playwright) and Firefox
// (Puppeteer): both evaluate functions in the page, and that is all that is needed here.
import { sleep, until } from './process.mjs';

export class BrowserClient {
    constructor(page, { name, hz, close }) {
        Object.assign(this, { page, name, hz, close });
    }

    // Opens a page of the server's own origin that does nothing by itself.
    async open(mcu) {
        this.mcu = mcu;
        await this.page.goto(`${mcu.url}/`);
        return this;
    }

    // kind: whip | whep. Gives the answer to the POST; resolves once media flows when it is 201.
    async join(room, { kind = 'whip', token = this.mcu.token, query = '', direction } = {}) {
        const url = `${this.mcu.url}/${kind}/${room}?name=${encodeURIComponent(this.name)}${query}`;
        direction ??= kind === 'whep' ? 'recvonly' : 'sendrecv';
        const reply = await this.page.evaluate((options) => window.rig.join(options), { url, token, direction });
        if (reply.status === 201) await this.connected();
        this.reply = reply;
        return reply;
    }

    state() {
        return this.page.evaluate(() => window.rig.peer()?.connectionState);
    }

    connected(timeoutMs = 30000) {
        const ready = async () => (await this.state()) === 'connected';
        return until(`${this.name} to connect`, ready, { timeoutMs });
    }

    // Levels of these tones (Hz) in dB, as the page hears them from now on.
    async heard(tones) {
        await sleep(900); // what it has heard before is no longer in the window
        const listen = (list) => window.rig.heard(list);
        return until(`${this.name} to hear`, () => this.page.evaluate(listen, tones));
    }

    stats(type, more = {}) {
        return this.page.evaluate(() => window.rig.stats()).then((all) =>
            all.find((s) => s.type === type && Object.entries(more).every(([key, value]) => s[key] === value)),
        );
    }

    restartIce(etag) {
        return this.page.evaluate((tag) => window.rig.restartIce(tag), etag);
    }

    leave(politely = true) {
        return this.page.evaluate((polite) => window.rig.leave(polite), politely);
    }
}
