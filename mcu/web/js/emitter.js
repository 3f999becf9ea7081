// Who wants to know of what: on(type, listener) gives the function that ends it.
export class Emitter {
    constructor() {
        this.listeners = new Map();
    }

    on(type, listener) {
        const all = this.listeners.get(type) ?? new Set();
        this.listeners.set(type, all.add(listener));
        return () => all.delete(listener);
    }

    emit(type, ...what) {
        for (const listener of [...(this.listeners.get(type) ?? [])]) listener(...what);
    }
}
