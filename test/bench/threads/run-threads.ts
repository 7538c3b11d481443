/**
 * npm run bench -- threads [--rounds 5] [--seconds 2] [--json FILE]
 *
 * Whether threads beside the one that executes would gain something, by its processor time a command: what a leader's
 * thread is busy with, what of it other threads could take, and what handing over costs. Medians of the rounds. The
 * reasoning is in docs/decisions, "One thread executes, and reads its sockets".
 */

import type { BenchOptions } from "../options.js";
import { median } from "../statistics.js";
import { left, right, Table } from "../table.js";
import { NO_SNAPSHOTS, startRedoubt } from "../targets/redoubt.js";
import { LOADS, measureFront } from "./front.js";
import { HAND_OVER_SIZES, measureHandOver } from "./hand-over.js";
import { measureLeader } from "./leader.js";
import { ENTRY_SIZES, measureLog } from "./log.js";

/** Figures by name, of one case. */
type Figures = Readonly<Record<string, number>>;

interface Row {
  readonly name: string;
  readonly rounds: readonly Figures[];
}

/** Beside the one that executes. */
const IO_THREADS = [0, 1, 2];

const NAME_WIDTH = 44;
const FIGURE_WIDTH = 12;

export async function runThreads(options: BenchOptions): Promise<unknown> {
  const leader = await leaderRows(options);
  const front = await frontRows(options);
  const handOver = await rowsOf(options, "hand-over, us", handOverCases(options.seconds));
  const log = await rowsOf(options, "log, us an entry", logCases(options.seconds));
  return { leader, front, handOver, log };
}

type Case = readonly [string, () => Promise<Figures>];

async function leaderRows(options: BenchOptions): Promise<readonly Row[]> {
  const target = await startRedoubt(NO_SNAPSHOTS);
  try {
    return await rowsOf(
      options,
      "leader of three, us a command",
      LOADS.map(
        (load): Case => [
          load.name,
          async () => ({ ...(await measureLeader(target, load, options.seconds)) }),
        ],
      ),
    );
  } finally {
    await target.stop();
  }
}

function frontRows(options: BenchOptions): Promise<readonly Row[]> {
  const cases = LOADS.flatMap((load) =>
    IO_THREADS.map(
      (threads): Case => [
        `${load.name}; ${threads} I/O threads`,
        async () => ({ ...(await measureFront(threads, load, options.seconds)) }),
      ],
    ),
  );
  return rowsOf(options, "way in and out, us a command", cases);
}

function handOverCases(seconds: number): Case[] {
  return HAND_OVER_SIZES.map(
    (size): Case => [
      `${size} requests`,
      async () => ({ ...(await measureHandOver(size, seconds)) }),
    ],
  );
}

function logCases(seconds: number): Case[] {
  return [false, true].flatMap((inThread) =>
    ENTRY_SIZES.map(
      (bytes): Case => [
        `${bytes} B, ${inThread ? "in a thread of its own" : "in the thread that executes"}`,
        async () => ({ ...(await measureLog(inThread, bytes, seconds)) }),
      ],
    ),
  );
}

/** Rounds are interleaved: every case once, then every case again. */
async function rowsOf(
  { rounds }: BenchOptions,
  title: string,
  cases: readonly Case[],
): Promise<readonly Row[]> {
  const rows = cases.map(([name]) => ({ name, rounds: [] as Figures[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, measure]] of cases.entries()) rows[i]!.rounds.push(await measure());
  }
  print(title, rows);
  return rows;
}

function print(title: string, rows: readonly Row[]): void {
  const names = Object.keys(rows[0]!.rounds[0]!);
  const columns = names.map((name) => right(name, FIGURE_WIDTH));
  const table = new Table([left(title, NAME_WIDTH), ...columns]);
  process.stdout.write("\n");
  table.printTitles();
  for (const { name, rounds } of rows) {
    const medians = names.map((each) => median(rounds.map((figures) => figures[each]!)));
    table.printRow([name, ...medians.map((figure) => figure.toFixed(figure < 1000 ? 1 : 0))]);
  }
}
