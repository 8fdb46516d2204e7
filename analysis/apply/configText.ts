/** A key and a float without a fraction, as Python writes it. */
const WHOLE_FLOAT = /"([^"\\]+)":\s*(-?\d+\.0+)(?=[\s,}])/g;
const INTEGER = /"([^"\\]+)": (-?\d+)(?=[,\n])/g;

/**
 * The JSON text of a config.json in which floats stay floats: 7.0 of the original is not written as 7, which transformers
 * refuses for some keys.
 */
export function configText(config: object, original: string): string {
	const floats = new Map([...original.matchAll(WHOLE_FLOAT)].map(([, key, value]) => [key, value]));
	const text = JSON.stringify(config, null, 2);
	return `${text.replace(INTEGER, (all, key: string, integer: string) => {
		const float = floats.get(key);
		return float !== undefined && Number(float) === Number(integer) ? `"${key}": ${float}` : all;
	})}\n`;
}
