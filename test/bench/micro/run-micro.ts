/**
 * npm run bench -- micro [--only NAME] [--rounds 5] [--json FILE]
 *
 * What one part costs, question by question (questions/): time and memory of an operation, and the ratio of its time
 * to a loop that is measured beside it (reference.ts). Times are of this machine, ratios can be compared between
 * machines. Each question is answered by a process of its own: what types one part is called with, and what is
 * compiled for them, does not change the figures of another. --seconds says nothing here: samples are short.
 *
 * Not here, because scripts of this folder answer it beside a plain structure: lists, sorted sets and other collections
 * (values), taking changes back (rollback), RDB files (rdb).
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "../options.js";
import { median } from "../statistics.js";
import { left, right, Table } from "../table.js";
import { questionNames } from "./find-questions.js";
import type { CaseFigures, QuestionFigures } from "./measure.js";

/**
 * Code that rests during a few full collections would be thrown away, and compiled again while it is measured. What is
 * hot is compiled at once, not when another thread finds the time: on a busy machine that was after the last round.
 */
const NODE_FLAGS = ["--expose-gc", "--no-flush-bytecode", "--no-concurrent-recompilation"];
/** Of one question: a hundred times what the longest takes with 3 rounds, 6 s of a processor. */
const ANSWER_MS_MAX = 600_000;

const columns = [
  right("time", 9),
  right("spread", 18),
  right("ratio", 9),
  right("heap B", 10),
  right("buffer B", 10),
];
const titles = columns.map((column) => column.title);
const table = new Table([left("", 48), ...columns]);

export async function runMicro(options: BenchOptions): Promise<unknown> {
  const all = questionNames();
  const names = all.filter((name) => name.includes(options.only));
  if (names.length === 0) throw new Error(`no question '${options.only}' in ${all.join(", ")}`);
  process.stdout.write("\n");
  const figures: Record<string, QuestionFigures> = {};
  for (const name of names) {
    figures[name] = await answerOf(name, options.rounds);
    print(name, figures[name]);
  }
  process.stdout.write("\nCollections: values; taking changes back: rollback; RDB files: rdb\n");
  return figures;
}

async function answerOf(name: string, rounds: number): Promise<QuestionFigures> {
  const path = fileURLToPath(new URL("./answer.ts", import.meta.url));
  const execArgv = [...process.execArgv, ...NODE_FLAGS];
  const child = fork(path, [name, String(rounds)], { execArgv, timeout: ANSWER_MS_MAX });
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  let figures: QuestionFigures | null = null;
  child.on("message", (message) => {
    figures = message as QuestionFigures;
  });
  const [exitCode] = await once(child, "exit");
  process.off("exit", kill);
  if (exitCode !== 0 || figures === null) throw new Error(`no answer to ${name}: ${exitCode}`);
  return figures;
}

function print(name: string, { asks, reference, cases }: QuestionFigures): void {
  process.stdout.write(`\n${name}: ${asks}\nreference ${time(reference)}\n`);
  for (const [i, figures] of cases.entries()) {
    const { unit } = figures;
    if (cases[i - 1]?.unit !== unit) table.printRow([`  per ${unit}`, ...titles]);
    table.printRow(rowOf(figures));
  }
}

function rowOf({ name, nanoseconds, ratios, heapBytes, bufferBytes }: CaseFigures): string[] {
  return [
    `  ${name}`,
    time(median(nanoseconds)),
    `${time(Math.min(...nanoseconds))}-${time(Math.max(...nanoseconds))}`,
    digits(median(ratios)),
    heapBytes === null ? "" : digits(heapBytes),
    bufferBytes === null ? "" : digits(bufferBytes),
  ];
}

function time(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${digits(nanoseconds)}ns`;
  if (nanoseconds < 1e6) return `${digits(nanoseconds / 1e3)}us`;
  return `${digits(nanoseconds / 1e6)}ms`;
}

/** Three of them, as many as a repetition bears out. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
