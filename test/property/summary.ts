/** What a run of many programs did, for people. */

import type { Coverage } from "./coverage.js";

export function described(coverage: Coverage, elapsedMs: number): string[] {
  const seconds = elapsedMs / 1000;
  const { programs } = coverage;
  return [
    `${programs} programs in ${seconds.toFixed(0)} s (${(programs / seconds).toFixed(0)}/s), ${coverage.requests} commands`,
    `${coverage.rollbacks} losses of leadership took back ${coverage.rolledBackEffects} effects; ${coverage.undoneCommands} commands or EXECs taken back alone`,
    `${coverage.points} positions played back to, ${coverage.rebuilds} keyspaces rebuilt`,
    `${coverage.redisComparisons} logs of ${coverage.redisCommands} commands compared with redis-server`,
    `effects: ${counts(coverage.effects)}`,
    `inverses played: ${counts(coverage.inverses)}`,
    `commands that wrote: ${counts(coverage.wrote)}`,
  ];
}

function counts(of: Readonly<Record<string, number>>): string {
  return Object.entries(of)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
