import { changeLabel, readLabels } from '$analysis/workspace/labels/files.ts';
import type { Labelled, Labels } from '$analysis/workspace/labels/label.ts';
import type { Merged } from '$analysis/workspace/labels/merge.ts';
import type { LabelChange } from '$lib/client/api.ts';

/** The labels of the workspace's runs and results. */
export class LabelCatalogue {
	readonly #home: string;
	/** The last change; the next one waits for it, so that none reads what another is about to write. */
	#last: Promise<unknown> = Promise.resolve();

	constructor(home: string) {
		this.#home = home;
	}

	list(): Promise<{ labels: Labels; problems: string[] }> {
		return readLabels(this.#home);
	}

	/** Makes a change on what is there now. The id is one that is listed. Errors: as `changeLabel`. */
	change(of: Labelled, id: string, change: LabelChange): Promise<Merged> {
		const done = this.#last.then(() => changeLabel(this.#home, of, id, change));
		this.#last = done.catch(() => undefined);
		return done;
	}
}
