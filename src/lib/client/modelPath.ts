/** Address of a model's page; the id may hold slashes, or be the path that a run names the model by. */
export function modelPath(id: string): string {
	return `/models/${encodeURIComponent(id)}`;
}
