// Our server under the load: participants join by SDP, as devices do.
import { Mcu } from '../../tests/e2e/support/mcu.mjs';
import { codecs, makeOffer, newKey } from '../../tests/e2e/support/sdp.mjs';

const levelId = 1;

export class Mischpult {
    static async start({ peers, flags = {} }) {
        const server = new Mischpult();
        server.mcu = await Mcu.start({
            rtpPorts: 2 * peers + 20,
            flags: { max_participants: peers + 10, max_rooms: 1000, ...flags },
        });
        return server;
    }

    get pid() {
        return this.mcu.pid;
    }

    createRoom(room) {
        return this.mcu.api('POST', '/rooms', { name: String(room) }).then(() => room);
    }

    // Joins from 127.0.0.1:port; gives the row that rtpload needs for this participant.
    async join(room, port, { talk = false, codec = 'opus', level = false, ptime = 20, suite } = {}) {
        const key = suite && newKey(suite);
        const offer = makeOffer({ port, codec: codecs[codec], ptime, suite, key, level: level ? levelId : 0 });
        const { media } = await this.mcu.join(room, `load ${port}`, offer);
        if (suite && media.crypto?.suite !== suite) throw new Error(`no ${suite} in the answer`);
        return {
            remote: `${media.host}:${media.port}`,
            codec,
            pt: media.pt,
            ptime,
            talk,
            level: talk && level && media.level,
            rtcp: media.mux,
            ...(suite ? { suite, tx: key, rx: media.crypto.key } : {}),
        };
    }

    // A number of /metrics, by its name without the prefix.
    async metric(name) {
        const { body } = await this.mcu.request('GET', '/metrics');
        return Number(body.match(new RegExp(`^mischpult_${name} (\\S+)$`, 'm'))[1]);
    }

    async stop() {
        await this.mcu.stop();
    }
}
