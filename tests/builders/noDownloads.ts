/** What keeps models that other programs have downloaded out of the lists. */
export const NO_DOWNLOADS = {
	HF_HOME: '/nonexistent',
	OLLAMA_MODELS: '/nonexistent',
	LLAMA_CACHE: '/nonexistent'
};
