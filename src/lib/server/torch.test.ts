import { expect, it } from 'vitest';
import { TorchLook } from './torch.ts';

/** A look at a Python, and the Pythons that were asked for their first device. */
function looked(there: boolean): { torch: TorchLook; asked: string[] } {
	const asked: string[] = [];
	const first = (python: string) => {
		asked.push(python);
		return Promise.resolve('cuda' as const);
	};
	return { torch: new TorchLook('py', () => Promise.resolve(there), first), asked };
}

it('PyTorch is loaded by the first who asks for its device, and by nobody again', async () => {
	const { torch, asked } = looked(true);
	expect(torch.known).toEqual({ there: false, python: 'py', device: null });
	await torch.found;
	expect(torch.known).toEqual({ there: true, python: 'py', device: null });
	expect(asked).toEqual([]);
	const expected = { there: true, python: 'py', device: 'cuda' };
	expect(await Promise.all([torch.withDevice(), torch.withDevice()])).toEqual([expected, expected]);
	expect(await torch.withDevice()).toEqual(expected);
	expect(torch.known).toEqual(expected);
	expect(asked).toEqual(['py']);
});

it('where it is not there, nothing is loaded', async () => {
	const { torch, asked } = looked(false);
	expect(await torch.withDevice()).toEqual({ there: false, python: 'py', device: null });
	expect(asked).toEqual([]);
});
