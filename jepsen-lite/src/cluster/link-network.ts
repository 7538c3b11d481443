/**
 * Directed links between nodes on which several faults may be in force at once: each imposes its rules on some links
 * and lifts only its own. How a rule is made true is the concern of namespaces.ts and proxies.ts.
 */

import type { ClusterNode, Network } from "./cluster.js";
import { clearRule, combinedRule, type DirectedLink, type LinkRule } from "./link-rule.js";

export interface ImposedRule {
  /** Idempotent. */
  lift(): Promise<void>;
}

interface Layer {
  readonly links: readonly DirectedLink[];
  readonly rule: LinkRule;
}

export interface RuledLink extends DirectedLink {
  readonly rule: LinkRule;
}

export abstract class LinkNetwork implements Network {
  abstract readonly kind: "namespaces" | "proxies";
  readonly #layers = new Set<Layer>();

  /** Why a rule of this kind can't be imposed here; null: it can. */
  abstract lacks(what: keyof LinkRule): string | null;

  /** From when it resolves on these links, and no others, follow these rules. */
  protected abstract apply(links: readonly RuledLink[]): Promise<void>;

  async impose(links: readonly DirectedLink[], rule: Partial<LinkRule>): Promise<ImposedRule> {
    for (const what of Object.keys(rule) as (keyof LinkRule)[]) {
      const lack = this.lacks(what);
      if (lack !== null) throw new Error(lack);
    }
    const layer: Layer = { links, rule: { ...clearRule, ...rule } };
    this.#layers.add(layer);
    await this.#renew(links);
    return {
      lift: async () => {
        if (this.#layers.delete(layer)) await this.#renew(links);
      },
    };
  }

  async cut(from: ClusterNode, to: ClusterNode): Promise<void> {
    await this.impose([{ from: from.id, to: to.id }], { cut: true });
  }

  async lose(from: ClusterNode, to: ClusterNode, share: number): Promise<void> {
    await this.impose([{ from: from.id, to: to.id }], { loss: share });
  }

  async delay(from: ClusterNode, to: ClusterNode, ms: number, jitterMs: number): Promise<void> {
    await this.impose([{ from: from.id, to: to.id }], { delayMs: ms, jitterMs });
  }

  async throttle(from: ClusterNode, to: ClusterNode, bitsPerSecond: number): Promise<void> {
    await this.impose([{ from: from.id, to: to.id }], { bitsPerSecond });
  }

  async heal(): Promise<void> {
    const links = [...this.#layers].flatMap((layer) => layer.links);
    this.#layers.clear();
    await this.#renew(links);
  }

  #renew(links: readonly DirectedLink[]): Promise<void> {
    const distinct = new Map(links.map((link) => [`${link.from} ${link.to}`, link]));
    return this.apply(
      [...distinct.values()].map(({ from, to }) => {
        const rules = [...this.#layers]
          .filter((layer) => layer.links.some((link) => link.from === from && link.to === to))
          .map((layer) => layer.rule);
        return { from, to, rule: combinedRule(rules) };
      }),
    );
  }
}

/** Every link between the two groups, in both directions. */
export function linksBetween(
  these: readonly ClusterNode[],
  those: readonly ClusterNode[],
): DirectedLink[] {
  return [...linksFrom(these, those), ...linksFrom(those, these)];
}

/** Every link from one of these to one of those. */
export function linksFrom(
  these: readonly ClusterNode[],
  those: readonly ClusterNode[],
): DirectedLink[] {
  return these.flatMap(({ id: from }) =>
    those.filter(({ id }) => id !== from).map(({ id: to }) => ({ from, to })),
  );
}
