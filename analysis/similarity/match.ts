/**
 * Per head h of layer m (the follower), the head g of layer l (the source) with the highest per-head
 * cosine G[(l,g),(m,h)] / √(G[(l,g),(l,g)]·G[(m,h),(m,h)]). Many-to-one; ties go to the lowest head.
 * `gram` is [L·H, L·H]; read from its upper triangle.
 */
export function matchHeads(
	gram: Float64Array,
	layers: number,
	heads: number,
	l: number,
	m: number
): number[] {
	const rows = layers * heads;
	return Array.from({ length: heads }, (_, h) => {
		const follower = m * heads + h;
		let [best, bestCosine] = [0, -1];
		for (let g = 0; g < heads; g++) {
			const source = l * heads + g;
			const dot = gram[Math.min(source, follower) * rows + Math.max(source, follower)];
			// The follower's norm is the same for every g and left out.
			const norm = Math.sqrt(gram[source * rows + source]);
			const cosine = norm > 0 ? dot / norm : 0;
			if (cosine > bestCosine) [best, bestCosine] = [g, cosine];
		}
		return best;
	});
}
