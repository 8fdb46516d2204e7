// By name, so that a page does not get the rest of the file.
import { version } from '../package.json' with { type: 'json' };

export const VERSION: string = version;
