/**
 * One file that needs nothing else: no script at all, no address of anything, and a policy that forbids the browser to
 * fetch. It can be mailed, archived, opened from a disk.
 */

import { Html, html } from "./html.js";
import { STYLE } from "./style.js";

/** Ours, not escaped. */
const STYLE_SHEET = new Html(STYLE);

export interface Section {
  /** The fragment that links point to. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** `head` is what comes first and holds the page's only h1. */
export function page(title: string, head: Html, sections: readonly Section[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE_SHEET}</style>
</head>
<body>
<svg class="hidden" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><path class="hatch-line" d="M0 0V6"/></pattern></defs></svg>
<header>${head}
<nav aria-label="On this page">${sections.map(({ id, title: text }) => html`<a href="#${id}">${text}</a>`)}</nav>
</header>
<main>
${sections.map(
  ({ id, title: text, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${text}</h2>
${body}
</section>
`,
)}</main>
</body>
</html>
`.text;
}

/** A table that scrolls within itself where it is too wide for the page. */
export function scrolling(label: string, table: Html): Html {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}
