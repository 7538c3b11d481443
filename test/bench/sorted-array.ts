/** The plain sorted set: a Map of scores, and members in an array in order of (score, member). */

export class SortedArray {
  readonly scores = new Map<string, number>();
  members: string[] = [];

  put(member: string, score: number): void {
    this.remove(member);
    const at = this.#below(member, score);
    this.scores.set(member, score);
    if (at === this.members.length) this.members.push(member);
    else this.members.splice(at, 0, member);
  }

  remove(member: string): void {
    const score = this.scores.get(member);
    if (score === undefined) return;
    this.members.splice(this.#below(member, score), 1);
    this.scores.delete(member);
  }

  rank(member: string): number {
    return this.#below(member, this.scores.get(member)!);
  }

  clone(): SortedArray {
    const copy = new SortedArray();
    for (const [member, score] of this.scores) copy.scores.set(member, score);
    copy.members = this.members.slice();
    return copy;
  }

  #below(member: string, score: number): number {
    let low = 0;
    let high = this.members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.members[middle]!;
      const otherScore = this.scores.get(other)!;
      if (otherScore < score || (otherScore === score && other < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
