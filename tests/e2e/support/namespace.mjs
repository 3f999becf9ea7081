// A network of the test's own: no other machine is in it, and addresses, routes and packet filters can
// be changed without anybody noticing. Firefox needs it: it never pairs a loopback address, so the
// server must have another one, and on the machine's real network nothing is to be opened.
import { spawn, spawnSync } from 'node:child_process';

// The server's address inside, and that of browsers (RFC 5737: never real ones). The server's is on an
// interface that browsers do not look at.
export const home = '198.51.100.1';
export const away = '198.51.100.9';
const entered = 'MISCHPULT_TEST_NETWORK';

// From which address the server is reached: without this it would be the server's own.
export const reach = (from) => `ip route replace local ${home} dev lo table local src ${from}`;

// A link with an address and a default route; what is sent to it stays on this machine.
const setUp = `ip link set lo up &&
    ip link add name home0 type veth peer name home1 && ip link set home0 up && ip link set home1 up &&
    ip addr add ${home}/32 dev lo && ip addr add ${away}/24 dev home0 &&
    ip route add default dev home0 && ${reach(away)}`;

// Runs this file again in a network namespace of its own and ends with its result; returns only there.
// Needs root, or a system where users may make namespaces (Debian's default).
export async function inOwnNetwork() {
    if (process.env[entered]) return;
    const unshare = process.getuid() === 0 ? ['-n'] : ['-rn'];
    const probe = spawnSync('unshare', [...unshare, 'sh', '-ec', setUp], { encoding: 'utf8' });
    if (probe.status !== 0) {
        console.error(`This test needs a network namespace with a veth link: run it as root, or allow
users to make namespaces. unshare says: ${probe.error ?? probe.stderr}`);
        process.exit(1);
    }
    const child = spawn('unshare', [...unshare, 'sh', '-ec', `${setUp}; exec "$@"`, 'sh',
        process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [entered]: '1' } });
    process.on('exit', () => child.kill('SIGKILL'));
    process.exit(await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1))));
}

// Flags of a server that offers media on the address inside.
export const homeFlags = { webrtc_addresses: home, auto_create: 'yes' };
