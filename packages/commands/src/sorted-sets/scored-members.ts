/** Members with their scores, as they came, while a result is made: however many, one Map throws at 2^24. */

import { RESULT_MAP_MEMBERS_MAX } from "../constants.js";

export class ScoredMembers {
  readonly #mapMembersMax: number;
  /** One nearly always. */
  readonly #maps: Map<string, number>[] = [new Map()];

  /** `mapMembersMax` is lowered by tests only. */
  constructor(mapMembersMax: number = RESULT_MAP_MEMBERS_MAX) {
    this.#mapMembersMax = mapMembersMax;
  }

  get(member: string): number | undefined {
    const maps = this.#maps;
    for (let i = 0; i < maps.length; i++) {
      const score = maps[i]!.get(member);
      if (score !== undefined) return score;
    }
    return undefined;
  }

  set(member: string, score: number): void {
    const [first, second] = this.#maps;
    const map =
      second === undefined && first!.size < this.#mapMembersMax
        ? first!
        : (this.#maps.find((each) => each.has(member)) ?? this.#mapWithRoom());
    map.set(member, score);
  }

  /** In an array of the caller's own. */
  entries(): [string, number][] {
    const [first, ...others] = this.#maps;
    const entries = [...first!];
    for (const map of others) {
      for (const entry of map) entries.push(entry);
    }
    return entries;
  }

  #mapWithRoom(): Map<string, number> {
    const last = this.#maps.at(-1)!;
    if (last.size < this.#mapMembersMax) return last;
    const next = new Map<string, number>();
    this.#maps.push(next);
    return next;
  }
}
