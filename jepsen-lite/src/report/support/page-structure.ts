/** Reads a page as a strict reader would: every tag closed in order, every id once, every address within the page. */

const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*?)?)(\/?)>/g;
const EMPTY: ReadonlySet<string> = new Set(["meta", "br"]);

export interface PageStructure {
  readonly tags: ReadonlySet<string>;
  /** Names only. */
  readonly attributes: ReadonlySet<string>;
  readonly ids: readonly string[];
  /** Of every `href`. */
  readonly links: readonly string[];
  /** What stands between tags, the style sheet left out. */
  readonly text: string;
}

/** Throws on a tag that is not closed, or closed in another order. */
export function structureOf(page: string): PageStructure {
  const open: string[] = [];
  const tags = new Set<string>();
  const attributes = new Set<string>();
  const ids: string[] = [];
  const links: string[] = [];
  for (const [whole, closing, name, rest, alone] of page.matchAll(TAG)) {
    if (closing === "/") {
      const last = open.pop();
      if (last !== name) throw new Error(`${whole} closes ${last}`);
      continue;
    }
    tags.add(name!);
    for (const [, attribute, value] of rest!.matchAll(/([a-zA-Z0-9-]+)="([^"]*)"/g)) {
      attributes.add(attribute!);
      if (attribute === "id") ids.push(value!);
      if (attribute === "href") links.push(value!);
    }
    if (alone !== "/" && !EMPTY.has(name!)) open.push(name!);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(" ")}`);
  const body = page.replace(/<style>[\s\S]*?<\/style>/, "");
  return { tags, attributes, ids, links, text: body.replace(TAG, "") };
}
