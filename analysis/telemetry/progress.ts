/** State of a long task. Sent to the terminal and, from the worker, to the server. */
export interface Progress {
	/** Work under way, in a word or three: "reading weights", "layers"; after a colon, what it has come to: "tuning: loss 3.2". */
	stage: string;
	/** Layer being run and how many there are; null outside the layers. */
	layer: number | null;
	layers: number;
	/** Windows done and how many there are; 0: none are counted now. */
	window: number;
	windows: number;
	/** Unit that `windows` counts, where it is not windows of text. */
	counted?: 'round' | 'step';
	/** 0 to 1 of the whole task. */
	fraction: number;
	secondsElapsed: number;
	/** null until it can be told. */
	secondsLeft: number | null;
	/** Resident sets of the process and of those that work for it. */
	rssBytes: number;
	/** Tokens so far that went through all layers, or as many layers of more tokens. */
	tokens: number;
}
