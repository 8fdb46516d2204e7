/** Text for a similarity or another number near one: "0.123", "−0.020"; "–" for what is not there. */
export function formatValue(value: number | null | undefined, digits = 3): string {
	if (value === null || value === undefined || Number.isNaN(value)) return '–';
	return signed(value.toFixed(digits));
}

/** Text for a probability, however small: "0.0312", "4.1e−5". */
export function formatProbability(value: number): string {
	const tiny = value !== 0 && Math.abs(value) < 0.0005;
	return tiny ? value.toExponential(1).replaceAll('-', '−') : formatValue(value, 4);
}

/** A round value beside an axis: "0.25", "−3". */
export function formatTick(value: number): string {
	return signed(String(Number(value.toPrecision(6))));
}

/** Bytes in units of 1000, as disks and model cards count: "15.8 MB". */
export function formatBytes(bytes: number): string {
	return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB']);
}

/** Counts: "7.87 M", "2.2 G". Below 1000 the number itself. */
export function formatCount(count: number): string {
	return scaled(count, ['', 'k', 'M', 'G', 'T']);
}

/** A share as a percentage with one digit after the point: "6.3 %". */
export function formatShare(share: number, digits = 1): string {
	return `${signed((share * 100).toFixed(digits))} %`;
}

/** "8 s", "2 min 05 s", "1 h 02 min". */
export function formatDuration(seconds: number): string {
	if (seconds < 10) return `${seconds.toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
	return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Whole numbers with thin spaces between thousands: "4 096" stays "4096", "12345" is "12 345". */
export function formatWhole(value: number): string {
	const text = String(Math.round(value));
	return text.length < 5 ? text : text.replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** "2026-11-23 06:20", in the reader's time zone. */
export function formatTime(iso: string): string {
	const date = new Date(iso);
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function scaled(value: number, units: readonly string[]): string {
	const sign = value < 0 ? '−' : '';
	let rest = Math.abs(value);
	let unit = 0;
	while (rest >= 999.5 && unit < units.length - 1) {
		rest /= 1000;
		unit++;
	}
	const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
	return `${sign}${rest.toFixed(digits)} ${units[unit] ?? ''}`.trim();
}

function signed(text: string): string {
	return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

function two(value: number): string {
	return String(value).padStart(2, '0');
}

/** What the name of nearly every architecture ends in. */
const FAMILY_END = /(ForCausalLM|LMHeadModel)$/;

/** "Llama" of LlamaForCausalLM, "GPT2" of GPT2LMHeadModel. */
export function formatArchitecture(architecture: string): string {
	return architecture.replace(FAMILY_END, '');
}
