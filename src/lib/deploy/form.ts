/** What the command takes where nothing is said. */
const PROMPT = 512;
const GENERATE = 64;

/** Tokens of prompt and generation that a form starts with: the command's, or what a model of few positions has room for. */
export function defaultTokens(maxPositions: number): { prompt: number; generate: number } {
	const generate = Math.max(1, Math.min(GENERATE, Math.floor(maxPositions / 2)));
	return { prompt: Math.max(1, Math.min(PROMPT, maxPositions - generate)), generate };
}

/** Is a run of an ONNX file? Its types are those of the file. */
export function isOnnxModel({ folder }: { folder: string }): boolean {
	return folder.endsWith('.onnx');
}
