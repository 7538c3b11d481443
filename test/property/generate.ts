/**
 * Programs from a seed: commands of all families on few keys, so that they meet, in batches that are sealed,
 * committed, survive or are lost at random. Most programs are small; some grow values over every border between
 * two forms (listpack, table, chunk, node).
 */

import { Generator as StringCommands } from "../conformance/support/generator.js";
import { HashCommands } from "../conformance/support/hashes-commands.js";
import { ListsGenerator } from "../conformance/support/lists-commands.js";
import { SeededRandom } from "../conformance/support/seeded-random.js";
import { SetCommands } from "../conformance/support/sets-commands.js";
import { SortGenerator } from "../conformance/support/sort-commands.js";
import { SortedSetCommands } from "../conformance/support/sorted-sets-commands.js";
import { StreamsGenerator } from "../conformance/support/streams-commands.js";
import { Writes } from "./generate-writes.js";
import {
  ERA_START_MS,
  type Era,
  FAR_MS,
  type Program,
  type Request,
  type Step,
} from "./program.js";

/** Elements of one command at most: nearly always few, rarely enough for the next form of a value. */
const SIZES = [
  { share: 0.82, elementsMax: 6, steps: 90 },
  { share: 0.14, elementsMax: 160, steps: 60 },
  { share: 0.03, elementsMax: 700, steps: 40 },
  { share: 0.01, elementsMax: 5000, steps: 24 },
] as const;

/** Of programs whose commands are those that are compared with a real redis-server elsewhere. */
const COMPARED_SHARE = 0.2;

/** Made at the start of some programs, or most commands on groups would find none. */
const GROUP: readonly Request[] = [["XGROUP", "CREATE", "x0", "g", "0", "MKSTREAM"]];

/** Of the steps of larger programs that fill a stream. */
const ENTRIES_SHARE = 0.012;

export function generate(seed: number): Program {
  const random = new SeededRandom(Math.imul(seed, 0x9e3779b1));
  const size = sizeOf(random.next());
  const isCompared = size === SIZES[0] && random.chance(COMPARED_SHARE);
  // Relative deadlines of those generators would lie in a real server's past.
  const era: Era = isCompared || random.chance(0.5) ? "future" : "past";
  const writes = new Writes(random, era, size.elementsMax);
  const next = isCompared ? comparedSource(random) : () => writes.next();
  const count = 4 + random.below(size.steps);
  const steps: Step[] = [];
  if (random.chance(0.3)) steps.push({ kind: "run", requests: GROUP, draw: 0 });
  for (let i = 0; i < count; i++) {
    if (size !== SIZES[0] && random.chance(ENTRIES_SHARE)) {
      steps.push({ kind: "run", requests: writes.entries(), draw: i });
    } else {
      steps.push(...turn(random, next, era));
    }
  }
  const isWatchedClosely = size.elementsMax < 100;
  return { seed, era, isWatchedClosely, steps };
}

function sizeOf(draw: number): (typeof SIZES)[number] {
  let rest = draw;
  for (const size of SIZES) {
    rest -= size.share;
    if (rest < 0) return size;
  }
  return SIZES[0];
}

function turn(random: SeededRandom, next: () => Request, era: Era): Step[] {
  const draw = Math.floor(random.next() * 2 ** 32);
  const requests = (length: number) => Array.from({ length }, next);
  const dice = random.below(100);
  if (dice < 58) return [{ kind: "run", requests: [next()], draw }];
  if (dice < 64) return [{ kind: "run", requests: requests(2 + random.below(4)), draw }];
  if (dice < 69) return [{ kind: "throw", requests: requests(1 + random.below(3)), draw }];
  if (dice < 72) {
    const watched = next()[1] ?? "";
    const between: Step[] = random.chance(0.5) ? [{ kind: "run", requests: [next()], draw }] : [];
    const exec: Step = { kind: "run", requests: requests(2), draw: draw >>> 1 };
    return [{ kind: "watch", keys: [watched, "s0"] }, ...between, exec];
  }
  if (dice < 78) return [{ kind: "time", ms: random.below(era === "future" ? 12 : 3000) }];
  if (dice < 89) return [{ kind: "seal" }];
  if (dice < 96) return [{ kind: "commit", batches: 1 + random.below(3) }];
  return [{ kind: "fall", survivors: random.below(4), moves: random.chance(0.5) }];
}

function comparedSource(random: SeededRandom): () => Request {
  const sources = [
    new StringCommands(random),
    new ListsGenerator(random),
    new HashCommands(random),
    new SetCommands(random, Number.POSITIVE_INFINITY),
    new SortedSetCommands(random),
    new StreamsGenerator(random),
    new SortGenerator(random),
  ];
  const chosen = random.chance(0.5) ? sources : [random.pick(sources)];
  return () => notYetPast(random.pick(chosen).next().map(text));
}

/** SET sets a deadline that is past, and the key goes when it is looked at: a real server's goes at any time. */
function notYetPast(request: string[]): string[] {
  if (request[0]?.toUpperCase() !== "SET") return request;
  return request.map((word, i) => {
    const unitMs = { EXAT: 1000, PXAT: 1 }[request[i - 1]?.toUpperCase() ?? ""];
    const isPast = unitMs !== undefined && Number(word) * unitMs < ERA_START_MS.future;
    return isPast && Number(word) > 0 ? String(FAR_MS / unitMs) : word;
  });
}

function text(word: Buffer): string {
  return word.toString("latin1");
}
