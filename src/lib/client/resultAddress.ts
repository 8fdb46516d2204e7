/** The query of a run's page with a result open, in the tab that shows its kind. */
export function resultAddress(kind: string, id: string): string {
	return `tab=${kind}&${kind}=${id}`;
}
