/** Does a key pressed here belong to a field? Then it is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false;
	if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
	if (target instanceof HTMLSelectElement) return true;
	return (
		target instanceof HTMLInputElement &&
		!['checkbox', 'radio', 'button', 'range'].includes(target.type)
	);
}
