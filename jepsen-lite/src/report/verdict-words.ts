/** A run's verdict in a headline and a sentence, for somebody who has never heard of any of this. */

import type { Validity } from "../checkers/verdict.js";
import type { RunOutcome, RunResult } from "../run/run-result.js";
import { count, counted, duration, share } from "./quantities.js";
import { modeTitle } from "./vocabulary.js";

/** Told by form, word and colour: never by colour alone. */
export interface Sign {
  readonly symbol: string;
  readonly word: string;
  /** Class of the style sheet. */
  readonly tone: "good" | "bad" | "open" | "void";
}

const RUN_SIGNS: Readonly<Record<RunOutcome, Sign>> = {
  pass: { symbol: "✓", word: "passed", tone: "good" },
  fail: { symbol: "✕", word: "failed", tone: "bad" },
  unknown: { symbol: "?", word: "undecided", tone: "open" },
  "invalid run": { symbol: "⊘", word: "says nothing", tone: "void" },
};

const VERDICT_SIGNS: Readonly<Record<Validity, Sign>> = {
  valid: { symbol: "✓", word: "holds", tone: "good" },
  invalid: { symbol: "✕", word: "broken", tone: "bad" },
  unknown: { symbol: "?", word: "undecided", tone: "open" },
};

export function runSign(outcome: RunOutcome): Sign {
  return RUN_SIGNS[outcome];
}

export function verdictSign(validity: Validity): Sign {
  return VERDICT_SIGNS[validity];
}

export interface Headline {
  readonly title: string;
  readonly sentence: string;
}

export function headline(result: RunResult): Headline {
  switch (result.outcome) {
    case "invalid run":
      return {
        title: "This run says nothing",
        sentence:
          "Too little happened, or the tool itself failed. It counts neither as passed nor as failed.",
      };
    case "unknown":
      return {
        title: "Undecided",
        sentence:
          "Nothing wrong was found, but at least one question could not be answered within its budget. That does not count as passed.",
      };
    case "fail":
      return failure(result);
    case "pass":
      return success(result);
  }
}

/** The longest time without a write that was answered as done, where a checker measured it; else null. */
export function writeGapMs({ verdicts }: RunResult): number | null {
  for (const { figures } of verdicts) {
    const gap = figures.longestWriteGapMs;
    if (gap !== undefined) return gap;
  }
  return null;
}

function failure(result: RunResult): Headline {
  const { acknowledged, lost, dirtyReads, plan } = result;
  const who = modeTitle(plan);
  if (lost > 0) {
    const also =
      dirtyReads > 0
        ? ` ${counted(dirtyReads, "value")} had even been read by clients before ${dirtyReads === 1 ? "it" : "they"} vanished.`
        : "";
    return {
      title: `${who} lost ${count(lost)} of ${counted(acknowledged, "acknowledged write")}`,
      sentence: `Clients had been told that ${share(lost, acknowledged)} of these writes were done; at the end of the run they were gone.${also}`,
    };
  }
  if (dirtyReads > 0) {
    return {
      title: `${who} showed ${counted(dirtyReads, "value")} that then vanished`,
      sentence: `Every acknowledged write was kept, but clients read values that later were gone without anybody deleting them.`,
    };
  }
  const broken = result.verdicts.filter(({ validity }) => validity === "invalid");
  const first = broken.flatMap(({ anomalies }) => anomalies)[0];
  return {
    title: `${who} gave answers that cannot all be true`,
    sentence: first?.text ?? "A checker found the history to be impossible; its figures say how.",
  };
}

function success(result: RunResult): Headline {
  const { acknowledged, operations, plan, longestGapMs } = result;
  const who = modeTitle(plan);
  const faults = result.faults.length;
  const through = faults === 0 ? "in a calm run" : `through ${counted(faults, "fault")}`;
  const gap = `The longest time without an answer to anybody was ${duration(longestGapMs)}.`;
  if (acknowledged === 0) {
    return {
      title: `${who} contradicted itself nowhere`,
      sentence: `All ${counted(operations.ok, "answer")} fit together, ${through}. ${gap}`,
    };
  }
  return {
    title: `${who} lost nothing`,
    sentence: `All ${counted(acknowledged, "acknowledged write")} were there at the end, and no answer contradicts another, ${through}. ${gap}`,
  };
}
