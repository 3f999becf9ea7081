// Synthetic speech that is the same in every run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './process.mjs';

const texts = [
    ['en', 'The committee meets on the first Tuesday of every month, and its minutes are published within a week.'],
    ['de', 'Die Sitzung beginnt um neun Uhr, danach berichtet die Verwaltung über den Stand der Arbeiten.'],
    ['en-us', 'Could everybody who is not speaking please look at page twelve of the budget while we wait?'],
];

let folder;

// The WAV file of one of three speakers, some seconds long.
export async function voice(which) {
    if (!folder) {
        folder = mkdtempSync(join(tmpdir(), 'mischpult-voice-'));
        process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    }
    const [language, text] = texts[which];
    const file = join(folder, `${which}.wav`);
    await run('espeak-ng', ['-v', language, '-s', '160', '-w', file, text]);
    return file;
}
