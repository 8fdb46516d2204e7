import { createContext } from 'svelte';
import { parseJson } from '$analysis/edge/parseJson.ts';
import type { SequentialName } from '$analysis/figure/colour.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const STORAGE_KEY = 'spanwise';

/** Choices of one visitor, kept in the browser's storage. One instance per visit, handed down by context. */
export class Preferences {
	theme = $state<ThemeChoice>('system');
	/** Colour map of similarity maps everywhere. */
	colourMap = $state<SequentialName>('viridis');
	/** True if the system prefers dark colours; watched, so that canvases repaint when it changes. */
	systemDark = $state(false);
	/** Are we dark now? */
	readonly dark = $derived(this.theme === 'system' ? this.systemDark : this.theme === 'dark');

	/** Reads what was stored and follows the system. Returns what stops following. */
	attach(): () => void {
		const stored = readStored();
		if (stored.theme === 'light' || stored.theme === 'dark') this.theme = stored.theme;
		if (stored.colourMap === 'cividis') this.colourMap = 'cividis';
		const query = window.matchMedia('(prefers-color-scheme: dark)');
		const follow = () => (this.systemDark = query.matches);
		follow();
		query.addEventListener('change', follow);
		return () => query.removeEventListener('change', follow);
	}

	setTheme(theme: ThemeChoice) {
		this.theme = theme;
		if (theme === 'system') delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = theme;
		this.store();
	}

	setColourMap(name: SequentialName) {
		this.colourMap = name;
		this.store();
	}

	private store() {
		try {
			const value = { theme: this.theme, colourMap: this.colourMap };
			localStorage.setItem(STORAGE_KEY, JSON.stringify(value));
		} catch {
			// Storage is switched off: the choice lasts as long as the page.
		}
	}
}

function readStored(): Record<string, unknown> {
	try {
		const value = parseJson(localStorage.getItem(STORAGE_KEY) ?? '{}', STORAGE_KEY);
		return typeof value === 'object' && value !== null ? { ...value } : {};
	} catch {
		return {};
	}
}

export const [getPreferences, setPreferences] = createContext<Preferences>();
