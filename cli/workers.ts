/** Folder of the built workers, which lie beside the built command. */
export const WORKERS = new URL('./', import.meta.url);
