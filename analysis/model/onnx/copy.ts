import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';

/**
 * A copy of a message in which some fields are others; the fields it keeps, unknown ones included, are shared
 * with the original and not copied, so that weights that lie in a proto are in memory once.
 */
export function withFields<Schema extends DescMessage>(
	schema: Schema,
	message: MessageShape<Schema>,
	fields: Partial<MessageShape<Schema>>
): MessageShape<Schema> {
	return Object.assign(create(schema), message, fields);
}
