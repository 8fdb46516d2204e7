import { createContext } from 'svelte';
import type { Document } from '$analysis/model/tokens/types.ts';
import { messageOf } from '$analysis/errors.ts';

/** Files that were dropped on a page and not taken yet: whoever shows a place for one takes it. One a visit. */
export class Dropped {
	plan = $state.raw<Document | null>(null);
	questions = $state.raw<Document | null>(null);
	texts = $state.raw<readonly Document[]>([]);
	/** Run bundles, which the server opens. */
	bundles = $state.raw<readonly File[]>([]);
	/** Progress or outcome of opening the bundle that was dropped last; null: nothing to say. */
	opened = $state<string | null>(null);
	/** Reasons that files were refused, one per line. */
	problems = $state.raw<readonly string[]>([]);

	/** Reads files and sorts them by what they are; what cannot be used is said in `problems`. */
	async read(files: Iterable<File>): Promise<void> {
		this.problems = [];
		// Only here: no page's first load needs to know what a plan is.
		const [{ droppedFile }, { bytesOfFile }] = await Promise.all([
			import('./droppedFile.ts'),
			import('./textFile.ts')
		]);
		for (const file of files) {
			if (isBundle(file)) {
				this.bundles = [...this.bundles, file];
				continue;
			}
			try {
				const { kind, name, text } = droppedFile(file.name, await bytesOfFile(file));
				if (kind === 'plan') this.plan = { name, text };
				else if (kind === 'questions') this.questions = { name, text };
				else this.texts = [...this.texts, { name, text }];
			} catch (error) {
				this.problems = [...this.problems, messageOf(error)];
			}
		}
	}

	/** Hands over the bundles. */
	takeBundles(): readonly File[] {
		const { bundles } = this;
		this.bundles = [];
		return bundles;
	}

	/** Hands over the plan; there is none afterwards. */
	takePlan(): Document | null {
		const { plan } = this;
		this.plan = null;
		return plan;
	}

	/** Hands over the file of questions. */
	takeQuestions(): Document | null {
		const { questions } = this;
		this.questions = null;
		return questions;
	}

	/** Hands over the texts. */
	takeTexts(): readonly Document[] {
		const { texts } = this;
		if (texts.length > 0) this.texts = [];
		return texts;
	}
}

function isBundle({ name }: File): boolean {
	return /\.zip$/i.test(name);
}

export const [getDropped, setDropped] = createContext<Dropped>();
