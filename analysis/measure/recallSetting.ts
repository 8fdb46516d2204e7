/** True if in-context recall is measured by default, on the page and by the command. */
export const RECALL_DEFAULT = true;

/** Fewest and most tokens of a recall probe that can be asked for; the fewest leave 10 of the passage to be scored. */
export const RECALL_TOKENS = { least: 64, most: 65_536 };

/** Said where recall was turned off. */
export const RECALL_OFF =
	'recall was not measured: it is turned off (--recall off); a plan can keep the loss on text and lose in-context recall';
