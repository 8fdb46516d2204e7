/** Published work that the numbers of a report rest on, in the order of its list. */
export const REFERENCES = {
	sharedAttention:
		'B. Liao and D. V. Vargas. Beyond KV Caching: Shared Attention for Efficient LLMs. arXiv 2407.12866, 2024.',
	llmDrop:
		'S. He, G. Sun, Z. Shen and A. Li. What Matters in Transformers? Not All Attention is Needed. arXiv 2406.15786, 2024.',
	divergence:
		'J. Lin. Divergence measures based on the Shannon entropy. IEEE Transactions on Information Theory 37 (1), 1991.',
	induction: 'C. Olsson et al. In-context Learning and Induction Heads. arXiv 2209.11895, 2022.',
	bootstrap:
		'B. Efron and R. J. Tibshirani. An Introduction to the Bootstrap. Chapman & Hall, 1993.',
	mcNemar:
		'Q. McNemar. Note on the sampling error of the difference between correlated proportions or percentages. Psychometrika 12, 1947.',
	harness:
		'L. Gao et al. The Language Model Evaluation Harness. Zenodo, 2024, doi 10.5281/zenodo.12608602.'
};
export type Reference = keyof typeof REFERENCES;
