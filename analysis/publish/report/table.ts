import { html, type Html, type Part } from './html.ts';

/** More rows than this are no report. */
export const MOST_ROWS = 12;

/** A table that scrolls by itself where a screen is narrow. */
export function table(
	label: string,
	header: readonly string[],
	rows: readonly (readonly Part[])[]
): Html {
	return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">
		<table>
			<thead>
				<tr>
					${header.map((title) => html`<th scope="col">${title}</th>`)}
				</tr>
			</thead>
			<tbody>
				${rows.map(
					(cells) =>
						html`<tr>
							${cells.map((cell) => html`<td>${cell}</td>`)}
						</tr>`
				)}
			</tbody>
		</table>
	</div>`;
}
