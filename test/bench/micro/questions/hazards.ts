import { Speculation } from "../../../../packages/replica/src/speculation.js";
import { type Case, flatTexts, type Question } from "../question.js";

const TERM = 1;
/** More than are ever in flight. */
const KEYS = 65_536;
const ASKED_KEYS = 1000;
const NOW_MS = 1_700_000_000_000;

export const question: Question = {
  asks: "What does it cost that a key's reads wait for its last write: noted, asked, and dropped at the commit?",
  cases: [
    batches("16 keys a batch, one batch in flight", { count: 16 }),
    batches("16 keys a batch, two batches in flight", { count: 16, ahead: 1 }),
    batches("the same 16 keys, two batches in flight", { count: 16, ahead: 1, of: 16 }),
    batches("1 000 keys a batch, one batch in flight", { count: 1000 }),
    batches("1 000 undo records a batch, no key touched", { count: 1000, touches: false }),
    asking("asked of a touched key", true),
    asking("asked of another key", false),
  ],
};

/** A key's undo record is what the commit finds its hazard by; the state itself is left alone. */
function writeBatch(speculation: Speculation, keys: readonly string[], touches: boolean): number {
  const { batch, journal } = speculation;
  const index = speculation.lastSealed + 1;
  speculation.open(index, NOW_MS);
  journal.beginEffect(batch.bytes);
  batch.flushAll();
  for (const key of keys) {
    journal.beginEffect(0);
    journal.pushRestore(key, undefined, 0, undefined);
    if (touches) speculation.touched(key);
  }
  speculation.seal();
  return index;
}

interface Shape {
  /** Keys of a batch. */
  readonly count: number;
  /** Batches that stay in flight behind the one that commits. */
  readonly ahead?: number;
  /** Keys that batches take theirs from, in turn. */
  readonly of?: number;
  readonly touches?: boolean;
}

function batches(name: string, shape: Shape): Case {
  const { count, ahead = 0, of = KEYS, touches = true } = shape;
  return {
    name,
    unit: "key",
    prepare: () => {
      const keys = flatTexts("key:", of, 16);
      const parts = Array.from({ length: Math.floor(of / count) }, (_, i) =>
        keys.slice(i * count, (i + 1) * count),
      );
      const speculation = new Speculation();
      speculation.begin(TERM);
      const write = (): number => {
        const next = parts[(speculation.lastSealed + 1) % parts.length]!;
        return writeBatch(speculation, next, touches);
      };
      for (let i = 0; i < ahead; i++) write();
      return () => {
        const index = write();
        speculation.commitTo(TERM, index - ahead);
        return speculation.applied === index - ahead ? count : 0;
      };
    },
  };
}

function asking(name: string, isTouched: boolean): Case {
  return {
    name,
    unit: "key",
    prepare: () => {
      const touched = flatTexts("key:", ASKED_KEYS, 16);
      const keys = isTouched ? touched : flatTexts("other:", ASKED_KEYS, 16);
      const speculation = new Speculation();
      speculation.begin(TERM);
      const index = writeBatch(speculation, touched, true);
      const expected = isTouched ? index : 0;
      return () => {
        let right = 0;
        for (const key of keys) right += speculation.hazard(key) === expected ? 1 : 0;
        return right;
      };
    },
  };
}
