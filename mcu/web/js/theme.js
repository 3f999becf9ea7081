// Runs before the first paint, so that a chosen colour scheme or language does not flash.
// Only what a person chose is stored; else the browser's own wishes count.
(() => {
    const root = document.documentElement;
    let theme = null;
    let language = null;
    try {
        theme = localStorage.getItem('mischpult.theme');
        language = localStorage.getItem('mischpult.language');
    } catch {
        // Storage is off: nothing was chosen.
    }
    if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
    const wanted = language ? [language] : (navigator.languages ?? [navigator.language ?? 'en']);
    const known = wanted
        .map((tag) => String(tag).slice(0, 2).toLowerCase())
        .find((tag) => tag === 'de' || tag === 'en');
    root.lang = known ?? 'en';
})();
