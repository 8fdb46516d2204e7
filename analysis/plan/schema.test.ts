import { toJsonSchema } from '@valibot/to-json-schema';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { planSchema } from './schema.ts';

// `npm run schema` is this test with --update: it writes the file it compares with.
it('static/plan.schema.json is the JSON Schema 2020-12 of the schema plans are checked against', async () => {
	const schema = {
		$schema: 'https://json-schema.org/draft/2020-12/schema',
		$id: 'urn:spanwise:plan:1',
		title: 'Spanwise sharing plan, version 1',
		...toJsonSchema(planSchema, { target: 'draft-2020-12' })
	};
	const text = await format(JSON.stringify(schema), {
		parser: 'json',
		useTabs: true,
		printWidth: 100
	});
	await expect(text).toMatchFileSnapshot('../../static/plan.schema.json');
});
