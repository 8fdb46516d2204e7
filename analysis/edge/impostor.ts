/** Things that may stand in place of a file, by its first bytes, each with advice on what to do. */
const IMPOSTORS: { begins: RegExp | string; is: string }[] = [
	{
		begins: /^version https:\/\/git-lfs\.github\.com\/spec\//,
		is: 'a Git LFS pointer, not the file itself; run git lfs pull in the repository, or download the file again'
	},
	{
		begins: /^(\ufeff|\s)*<(!doctype|html|head|\?xml)/i,
		is: 'a web page, not the file itself; download it again (on a model hub, by the link that has /resolve/ in it)'
	},
	{
		begins: 'GGUF',
		is: 'a GGUF file, which is opened by its own path: name it as the model'
	},
	{
		begins: 'PK\u0003\u0004',
		is: 'a ZIP archive, as PyTorch writes them, which is not read; save the model as safetensors with save_pretrained'
	}
];

/** Describes a file that stands in place of another, in words that go on after its path; null: of no known kind. */
export function impostorOf(head: Uint8Array | string): string | null {
	const text = typeof head === 'string' ? head.slice(0, 200) : new TextDecoder().decode(head);
	const isThis = (begins: RegExp | string) =>
		typeof begins === 'string' ? text.startsWith(begins) : begins.test(text);
	return IMPOSTORS.find(({ begins }) => isThis(begins))?.is ?? null;
}
