import { describe, expect, it } from 'vitest';
import type { Agreement } from '$analysis/similarity/rankAgreement.ts';
import type { AgreementRow } from './agreement.ts';
import { measureName, rhoText, trustSentence } from './trust.ts';

const rho = (value: number | null, low: number | null, high: number | null): Agreement => ({
	rho: value,
	low,
	high,
	count: 20
});
const falls = rho(-0.62, -0.81, -0.3);
const nothing = rho(0.12, -0.4, 0.6);
const rises = rho(0.5, 0.2, 0.8);
const row = (within: Agreement, across: Agreement): AgreementRow => ({
	measure: 'similarity',
	metric: 'cosine',
	view: 'all',
	all: nothing,
	within,
	across
});

describe('trustSentence', () => {
	it('claims only what an interval that excludes 0 supports', () => {
		expect(trustSentence(row(falls, nothing))).toBe(
			'In part. On this text, by cosine (all), among the sources of one follower, the more alike costs less (rho −0.62 [−0.81, −0.30]); it does not say which followers cost least (rho +0.12 [−0.40, +0.60]).'
		);
		expect(trustSentence(row(falls, falls))).toMatch(/^It points the right way\./);
		expect(trustSentence(row(nothing, nothing))).toMatch(/^Not on this evidence\./);
	});
	it('warns where the more alike costs more', () => {
		expect(trustSentence(row(rises, falls))).toMatch(
			/^No: it misleads\..*costs more \(rho \+0\.50/
		);
	});
	it('claims nothing without an interval', () => {
		const bare = rho(-0.9, null, null);
		expect(trustSentence(row(bare, rho(null, null, null)))).toBe(
			'Not on this evidence. On this text, by cosine (all), it does not say which source of a follower costs least (rho −0.90); it does not say which followers cost least (rho –).'
		);
	});
});

it('names measures and writes rho with its interval', () => {
	expect(measureName({ measure: 'excess', metric: 'cosine-mean', view: 'no-sink' })).toBe(
		'excess of cosine-mean (no-sink)'
	);
	expect(measureName({ measure: 'output', metric: null, view: null })).toBe('output');
	expect(rhoText(rises)).toBe('+0.50 [+0.20, +0.80]');
});
