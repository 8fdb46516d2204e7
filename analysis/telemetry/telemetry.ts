/** Time, memory and processor use of a job as it went; kept with the job's result. */
export interface Telemetry {
	/** Evenly thinned, oldest first; at most 240. */
	samples: TelemetrySample[];
	/** In the order in which they first came. */
	stages: { stage: string; seconds: number }[];
	/** Of the process; of several that work together, the most that they were seen to hold. */
	peakRssBytes: number;
	/** Of all threads. */
	cpuSeconds: number;
	/** Tokens that went through all layers, or as many layers of more tokens. */
	tokens: number;
	seconds: number;
}

export interface TelemetrySample {
	/** Since the job began. */
	seconds: number;
	stage: string;
	rssBytes: number;
	/** Processor cores in use since the last sample, on average. */
	cores: number;
	/** Since the last sample: layer evaluations × tokens ÷ layers. */
	tokensPerSecond: number;
}
