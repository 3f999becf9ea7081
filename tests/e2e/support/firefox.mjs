// Debian's Firefox ESR, headless, driven by WebDriver BiDi; with a sound server of its own, for
// without a sink its AudioContext never runs.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserClient } from './browser.mjs';
import { installRig } from './in_page.mjs';
import { Program, until } from './process.mjs';

const executablePath = '/usr/bin/firefox-esr';

export class Firefox {
    static async start({ prefs = {}, locale = 'en-US' } = {}) {
        if (!existsSync(executablePath)) throw new Error(`no ${executablePath}: tools/packages install test`);
        const { default: puppeteer } = await import('puppeteer-core');
        const firefox = new Firefox();
        firefox.folder = mkdtempSync(join(tmpdir(), 'mischpult-firefox-'));
        const socket = join(firefox.folder, 'sound.socket');
        const env = { ...process.env, HOME: firefox.folder, XDG_RUNTIME_DIR: firefox.folder };
        delete env.XDG_CONFIG_HOME;
        firefox.sound = new Program('pulseaudio', ['--daemonize=no', '--exit-idle-time=-1', '-n',
            '-L', 'module-null-sink sink_name=null',
            '-L', `module-native-protocol-unix socket=${socket} auth-anonymous=1`], { env });
        await until('pulseaudio', () => {
            if (firefox.sound.result) throw new Error(`pulseaudio ended: ${firefox.sound.stderr}`);
            return existsSync(socket);
        });
        firefox.browser = await puppeteer.launch({
            browser: 'firefox',
            executablePath,
            headless: true,
            acceptInsecureCerts: true,
            env: { ...env, PULSE_SERVER: `unix:${socket}` },
            extraPrefsFirefox: {
                'intl.accept_languages': locale,
                'media.navigator.streams.fake': true,
                'media.navigator.permission.disabled': true,
                'media.autoplay.default': 0,
                'media.autoplay.blocking_policy': 0,
                'media.peerconnection.ice.loopback': true,
                'media.peerconnection.ice.obfuscate_host_addresses': false,
                'media.gmp-manager.updateEnabled': false,
                ...prefs,
            },
        });
        return firefox;
    }

    static async of(t, options) {
        const firefox = await Firefox.start(options);
        t.after(() => firefox.stop());
        return firefox;
    }

    async client({ name = 'firefox', hz = 440, amplitude = 0.1 } = {}) {
        const context = await this.browser.createBrowserContext();
        const page = await context.newPage();
        page.setDefaultTimeout(20000);
        await page.evaluateOnNewDocument(installRig, { hz, amplitude });
        return new BrowserClient(page, { name, hz, close: () => context.close() });
    }

    async stop() {
        await this.browser?.close();
        await this.sound.stop();
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
}
