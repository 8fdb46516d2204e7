import * as v from 'valibot';
import { boundedArray } from '../../edge/parse.ts';
import { MAX_NAME, MAX_NOTE, MAX_TAG, MAX_TAGS } from './label.ts';

const name = v.pipe(
	v.string(),
	v.trim(),
	v.maxLength(MAX_NAME, `longer than ${MAX_NAME} characters; shorten it, or write a note`),
	v.check((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'more than one line; expected one')
);
const note = v.pipe(
	v.string(),
	v.trim(),
	v.maxLength(MAX_NOTE, `longer than ${MAX_NOTE} characters; shorten it`)
);
const tag = v.pipe(
	v.string(),
	v.trim(),
	v.toLowerCase(),
	v.maxLength(MAX_TAG, `longer than ${MAX_TAG} characters; shorten the tag`),
	v.regex(
		/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u,
		'a tag of letters, digits, dots, dashes and underscores, such as paper or run-2'
	)
);
const tags = v.pipe(
	boundedArray(tag, MAX_TAGS),
	v.transform((list) => [...new Set(list)].sort((a, b) => a.localeCompare(b)))
);

/** A label from outside: a file, a request, a form. */
export const labelSchema = v.strictObject({ name, note, tags, pinned: v.boolean() });
