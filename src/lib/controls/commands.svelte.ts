import { createContext } from 'svelte';
import type { Explanation } from '$analysis/text/explanations.ts';

/** Something that the palette can do. */
export interface Command {
	/** Once among all. */
	id: string;
	group: string;
	title: string;
	/** In small type after the title. */
	about?: string;
	/** Words that find it, beside those that are seen. */
	words?: string;
	/** Reason that it cannot be done now. */
	refused?: string;
	/** Does it, once the palette is closed. */
	run: () => void | Promise<void>;
	/** Explanation to show in the palette, which stays open; `run` is then not called. */
	explains?: Explanation;
}

/** Commands that a part of the page offers at the moment. */
export interface Offer {
	commands: readonly Command[];
	/** Returns the commands that a typed line spells out: "layer 12", "3 7". */
	typed?: (text: string) => readonly Command[];
}

/** Asked each time that the palette is opened. */
export type CommandSource = () => Offer | Promise<Offer>;

/** Sources of the palette's commands, and its open state. One instance a visit, handed down by context. */
export class Commands {
	open = $state(false);
	readonly #pages: CommandSource[] = [];
	readonly #parts: CommandSource[] = [];

	/** Offers commands until what is returned is called; those of a page stand before those of its parts. */
	provide(source: CommandSource, from: 'page' | 'part' = 'part'): () => void {
		const sources = from === 'page' ? this.#pages : this.#parts;
		sources.push(source);
		return () => {
			sources.splice(sources.indexOf(source), 1);
		};
	}

	get sources(): CommandSource[] {
		return [...this.#pages, ...this.#parts];
	}
}

export const [getCommands, setCommands] = createContext<Commands>();
