// Runs before the first paint, so that a stored choice of theme never flashes the other one.
(() => {
	try {
		const stored = JSON.parse(localStorage.getItem('spanwise') ?? '{}');
		if (stored.theme === 'light' || stored.theme === 'dark') {
			document.documentElement.dataset.theme = stored.theme;
		}
	} catch {
		// Storage is switched off or holds something else: the system's theme applies.
	}
})();
