import { formatLocale } from 'd3-format';

/** Thin spaces between thousands; d3 writes a true minus, and none before a zero. */
const locale = formatLocale({
	decimal: '.',
	thousands: '\u2009',
	grouping: [3],
	currency: ['', '']
});
const grouped = locale.format(',.0f');
const threeFigures = locale.format('.3s');
const sixFigures = locale.format('.6~r');
const tiny = locale.format('.1e');
/** Up to this, four digits stand together: "4096", "12 345". */
const UNGROUPED = 10_000;
/** Below this a probability is written with an exponent. */
const TINY_PROBABILITY = 0.0005;

/** Text for a similarity or another number near one: "0.123", "−0.020"; "–" for what is not there. */
export function formatValue(value: number | null | undefined, digits = 3): string {
	return value === null || value === undefined || Number.isNaN(value)
		? '–'
		: locale.format(`.${digits}f`)(value);
}

/** A difference with its sign: "+0.219", "−0.020", "0.000", "–". */
export function formatSigned(
	value: number | null | undefined,
	unsigned: (value: number) => string = (number) => formatValue(number)
): string {
	if (value === null || value === undefined) return formatValue(value);
	const text = unsigned(value);
	return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A ratio of one figure to another: "×0.89". */
export function formatTimes(ratio: number, digits = 2): string {
	return `×${formatValue(ratio, digits)}`;
}

/** Text for a probability, however small: "0.0312", "4.1e−5". */
export function formatProbability(value: number): string {
	const isTiny = value !== 0 && Math.abs(value) < TINY_PROBABILITY;
	return isTiny ? tiny(value).replaceAll('-', '−') : formatValue(value, 4);
}

/** "12 : 32, 0.0037": questions that only one, and only the other answers rightly, and p of McNemar's exact test. */
export function formatDiscordant(onlyOne: number, onlyOther: number, p: number): string {
	return `${onlyOne} : ${onlyOther}, ${formatProbability(p)}`;
}

/** A round value beside an axis: "0.25", "−3". */
export function formatTick(value: number): string {
	return sixFigures(value);
}

/** Bytes in units of 1000, as disks and model cards count: "15.8 MB". */
export function formatBytes(bytes: number): string {
	const [number, unit] = scaled(bytes);
	return `${number} ${unit}B`;
}

/** Counts: "7.87 M", "2.2 G". Below 1000 the number itself. */
export function formatCount(count: number): string {
	return scaled(count).join(' ').trim();
}

/** A fraction as a percentage with one digit after the point: "6.3%". */
export function formatPercent(fraction: number, digits = 1): string {
	return locale.format(`.${digits}%`)(fraction);
}

/** A fraction as a percentage with as few digits as say it: "12.5%", "50%". */
export function formatShortPercent(fraction: number): string {
	return `${locale.format('.3~r')(fraction * 100)}%`;
}

/** "8.0 s", "2 min 05 s", "1 h 02 min". */
export function formatDuration(seconds: number): string {
	if (seconds < 10) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
	return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Whole numbers with thin spaces between thousands: "4096", "12 345". */
export function formatWhole(value: number): string {
	const whole = Math.round(value);
	return Math.abs(whole) < UNGROUPED ? sixFigures(whole) : grouped(whole);
}

/** "2026-11-23 06:20", in the reader's time zone. */
export function formatTime(iso: string): string {
	const date = new Date(iso);
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Three figures and the prefix of their unit; whole numbers below 1000. */
function scaled(value: number): [string, string] {
	if (Math.abs(value) < 999.5) return [sixFigures(Math.round(value)), ''];
	const text = threeFigures(value);
	return [text.slice(0, -1), text.slice(-1)];
}

function two(value: number): string {
	return String(value).padStart(2, '0');
}

/** Ending of the names of nearly all architectures. */
const FAMILY_END = /(ForCausalLM|LMHeadModel)$/;

/** "Llama" of LlamaForCausalLM, "GPT2" of GPT2LMHeadModel. */
export function formatArchitecture(architecture: string): string {
	return architecture.replace(FAMILY_END, '');
}
