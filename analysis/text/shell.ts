/** Words as one line for a POSIX shell, quoted where they must be. */
export function shellLine(words: readonly string[]): string {
	return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
	return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
