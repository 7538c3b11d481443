/** A chart as a file of its own: no scripts, nothing fetched, readable on light and dark. */

export type Family = "redoubt" | "redis" | "etcd" | "other";

export const CHART_WIDTH = 860;
/** Around everything that is drawn. */
export const MARGIN = 16;
export const TITLE_HEIGHT = 34;

const STYLE = `
svg{--ink:#1f2328;--faint:#59636e;--grid:#d8dee4;--paper:#ffffff;
--redoubt:#1f6feb;--redis:#c4432b;--etcd:#7a5195;--other:#59636e}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--faint:#9198a1;--grid:#30363d;--paper:#0d1117;
--redoubt:#58a6ff;--redis:#f0805f;--etcd:#c297ff;--other:#9198a1}}
.paper{fill:var(--paper)}
text{fill:var(--ink);font:13px system-ui,sans-serif}
.title{font-weight:600;font-size:15px}
.head{font-weight:600}
.faint{fill:var(--faint);font-size:12px}
.end{text-anchor:end}
.middle{text-anchor:middle}
.grid{stroke:var(--grid)}
.whisker{stroke:var(--ink);stroke-width:1.5;fill:none}
.line{stroke-width:2;fill:none}
${(["redoubt", "redis", "etcd", "other"] as const).map((family) => `.${family}{fill:var(--${family})}.line.${family}{fill:none;stroke:var(--${family})}`).join("\n")}
`;

/** What is said is said to those who do not see it, too. */
export function chart(title: string, height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${CHART_WIDTH}" height="${height}" viewBox="0 0 ${CHART_WIDTH} ${height}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<rect class="paper" width="100%" height="100%" rx="6"/>
${label(MARGIN, TITLE_HEIGHT - 10, title, "title")}
${body}
</svg>
`;
}

/** Text whose baseline is at y. */
export function label(x: number, y: number, text: string, classes = ""): string {
  const attribute = classes === "" ? "" : ` class="${classes}"`;
  return `<text x="${place(x)}" y="${place(y)}"${attribute}>${escaped(text)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, classes: string): string {
  return `<path class="${classes}" d="M${place(x1)} ${place(y1)}L${place(x2)} ${place(y2)}"/>`;
}

/** A tenth of a pixel is exact enough. */
export function place(number: number): number {
  return Math.round(number * 10) / 10;
}

export function familyOf(side: string): Family {
  if (side.startsWith("redoubt")) return "redoubt";
  if (side.startsWith("redis")) return "redis";
  return side.startsWith("etcd") ? "etcd" : "other";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
