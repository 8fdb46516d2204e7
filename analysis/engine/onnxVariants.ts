import { byQuestion, idsAfter, rowsBefore, type Asked } from './asked.ts';
import type { MemoryPlan } from './memory.ts';
import { LogitsComparison } from './logitsComparison.ts';
import { LogitsPass, type Logits } from './onnxLogits.ts';
import type { GraphProto } from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import { withCuts } from '../rewrite/cutBytes.ts';
import { logitsModel } from '../graph/tapped/logits.ts';
import type { OpenedOnnx } from '../model/onnx/open.ts';
import { shareAttention } from '../rewrite/share.ts';
import type { PlannedAttention } from '../rewrite/shareCheck.ts';
import { GraphProtoSchema } from '../proto/onnx_pb.ts';
import type { ModelVariant } from '../graph/modelVariants.ts';
import type { BothVariants, VariantsRunner } from './variants.ts';

/** Runs an ONNX model whole, baseline and planned written into its graph; nothing is written to disk. */
export class OnnxVariants implements VariantsRunner {
	readonly #model: OpenedOnnx;
	readonly #graphs: Record<ModelVariant, GraphProto>;
	readonly #resident: boolean;
	readonly #comparison: LogitsComparison;
	/** Both where memory allows, else the one that ran last. */
	readonly #passes = new Map<ModelVariant, LogitsPass>();

	private constructor(
		model: OpenedOnnx,
		graphs: Record<ModelVariant, GraphProto>,
		resident: boolean,
		comparison: LogitsComparison
	) {
		this.#model = model;
		this.#graphs = graphs;
		this.#resident = resident;
		this.#comparison = comparison;
	}

	static async open(
		model: OpenedOnnx,
		planned: PlannedAttention,
		{ resident }: MemoryPlan
	): Promise<OnnxVariants> {
		const { proto, cuts } = shareAttention(model, planned);
		const { graph } = proto;
		if (graph === undefined) throw new Error(`${model.onnx.file}: its graph vanished`);
		const initializer = await withCuts(graph.initializer, cuts, model.onnx);
		const shared = withFields(GraphProtoSchema, graph, { initializer });
		const graphs = { baseline: model.onnx.graph, shared };
		return new OnnxVariants(model, graphs, resident, await LogitsComparison.open());
	}

	/** Sessions take windows of any length: all lengths share them. */
	ofLength(): Promise<BothVariants> {
		const kept: Record<ModelVariant, Logits[]> = { baseline: [], shared: [] };
		return Promise.resolve({
			run: async (variant, windows, _, onPart) => {
				const pass = await this.#pass(variant);
				const times = [];
				for (const [index, ids] of windows.entries()) {
					const ran = await pass.run(ids, kept[variant].at(index) ?? null);
					kept[variant][index] = ran.logits;
					times.push(ran.time);
					onPart(index, 1, null);
				}
				return times;
			},
			compare: async (windows) => {
				const comparisons = [];
				for (const [index, ids] of windows.entries()) {
					const { baseline, shared } = kept;
					comparisons.push(await this.#comparison.compare(ids, baseline[index], shared[index]));
				}
				return comparisons;
			},
			ask: async (windows) => {
				const answers = [];
				for (const [index, { questions }] of windows.entries())
					answers.push(
						await this.#answered(questions, {
							baseline: kept.baseline[index],
							shared: kept.shared[index]
						})
					);
				return answers;
			},
			release: () => Promise.resolve()
		});
	}

	/** Losses of candidates by the logits of both variants. */
	async #answered(
		questions: Asked['questions'],
		logits: Record<ModelVariant, Logits>
	): Promise<Record<ModelVariant, number[][]>> {
		const before = ({ data, vocab }: Logits) => ({
			data: rowsBefore(data, vocab, questions),
			vocab
		});
		const said = await this.#comparison.compare(
			idsAfter(questions),
			before(logits.baseline),
			before(logits.shared)
		);
		return {
			baseline: byQuestion(said.baseline, questions),
			shared: byQuestion(said.shared, questions)
		};
	}

	async release(): Promise<void> {
		await this.#releasePasses();
		await this.#comparison.release();
	}

	async #pass(variant: ModelVariant): Promise<LogitsPass> {
		const known = this.#passes.get(variant);
		if (known !== undefined) return known;
		if (!this.#resident) await this.#releasePasses();
		const copy = logitsModel(this.#model, this.#graphs[variant]);
		const pass = await LogitsPass.open(copy, this.#model.onnx.file);
		this.#passes.set(variant, pass);
		return pass;
	}

	async #releasePasses(): Promise<void> {
		for (const pass of this.#passes.values()) await pass.release();
		this.#passes.clear();
	}
}
