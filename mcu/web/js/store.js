// What the browser keeps. For the tab (sessionStorage): link and ticket of a room, so that a reload
// comes back as the same person. For longer (localStorage): colour scheme, language and switches that
// a person chose, and name and devices only while "remember" is ticked. Storage may be off.
const prefix = 'mischpult.';

function read(storage, key) {
    try {
        return JSON.parse(storage().getItem(prefix + key));
    } catch {
        return null;
    }
}

function write(storage, key, value) {
    try {
        if (value === null || value === undefined) storage().removeItem(prefix + key);
        else storage().setItem(prefix + key, JSON.stringify(value));
    } catch {
        // Full or off: what was to be kept is not kept, and nothing else depends on it.
    }
}

const tab = () => sessionStorage;
const browser = () => localStorage;

// {ticket, id, role, name, live}; live: was in the meeting, so a reload goes straight back.
export const readTicket = (room) => read(tab, `ticket.${room}`);
export const writeTicket = (room, ticket) => write(tab, `ticket.${room}`, ticket);
export const readLink = (room) => read(tab, `link.${room}`);
export const writeLink = (room, token) => write(tab, `link.${room}`, token);
export const readAdminToken = () => read(tab, 'admin');
export const writeAdminToken = (token) => write(tab, 'admin', token);

// {name, microphone, camera, speaker} or null: the person did not ask for it.
export const readRemembered = () => read(browser, 'remembered');
export const writeRemembered = (what) => write(browser, 'remembered', what);

const defaults = { shortcuts: true, sounds: true, processing: true };
export function readSwitches() {
    return { ...defaults, ...(read(browser, 'switches') ?? {}) };
}
export function writeSwitch(name, value) {
    write(browser, 'switches', { ...(read(browser, 'switches') ?? {}), [name]: value });
}

// theme.js reads these two before the first paint, as plain words.
export function writePlain(name, value) {
    try {
        if (value === null) localStorage.removeItem(prefix + name);
        else localStorage.setItem(prefix + name, value);
    } catch {
        // As above.
    }
}
export function readPlain(name) {
    try {
        return localStorage.getItem(prefix + name);
    } catch {
        return null;
    }
}
