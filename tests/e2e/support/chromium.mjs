// Debian's Chromium, headless: one process, a context (its own storage, as another person's) a page.
import { existsSync } from 'node:fs';
import { BrowserClient } from './browser.mjs';
import { installRig } from './in_page.mjs';

const executablePath = '/usr/bin/chromium';

export class Chromium {
    static async start({ args = [], headless = true } = {}) {
        if (!existsSync(executablePath)) throw new Error(`no ${executablePath}: tools/packages install test`);
        const { chromium } = await import('playwright-core');
        const browser = new Chromium();
        browser.browser = await chromium.launch({
            executablePath,
            headless,
            args: [
                '--no-sandbox',
                '--disable-dev-shm-usage',
                '--disable-gpu',
                '--use-fake-ui-for-media-stream',
                '--use-fake-device-for-media-stream',
                '--autoplay-policy=no-user-gesture-required',
                '--disable-background-timer-throttling',
                '--disable-renderer-backgrounding',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
                '--disable-quic',
                ...args,
            ],
        });
        return browser;
    }

    // As start(), and ended after the test t.
    static async of(t, options) {
        const browser = await Chromium.start(options);
        t.after(() => browser.stop());
        return browser;
    }

    // context: options of Playwright's newContext (locale, colorScheme, viewport …).
    async client({ name = 'chromium', hz = 440, amplitude = 0.1, context = {} } = {}) {
        const own = await this.browser.newContext({ ignoreHTTPSErrors: true, ...context });
        own.setDefaultTimeout(20000);
        await own.grantPermissions(['microphone', 'camera']);
        await own.addInitScript(installRig, { hz, amplitude });
        const page = await own.newPage();
        return new BrowserClient(page, { name, hz, close: () => own.close() });
    }

    stop() {
        return this.browser.close();
    }
}
