/** Environment variables that keep models downloaded by other programs out of the lists. */
export const NO_DOWNLOADS = {
	HF_HOME: '/nonexistent',
	OLLAMA_MODELS: '/nonexistent',
	LLAMA_CACHE: '/nonexistent'
};
