/** The few words that a report cannot do without. */

import { type Html, html } from "./html.js";
import { GLOSSARY } from "./vocabulary.js";

export function glossary(): Html {
  return html`<dl class="words">${GLOSSARY.map(
    ([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>
`,
  )}</dl>`;
}
