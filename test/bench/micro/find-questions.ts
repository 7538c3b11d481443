/** One file a question: their names are the files' names. */

import { readdirSync } from "node:fs";
import type { Question } from "./question.js";

const folder = new URL("./questions/", import.meta.url);

export function questionNames(): string[] {
  return readdirSync(folder)
    .map((file) => file.replace(/\.ts$/, ""))
    .sort();
}

export async function loadQuestion(name: string): Promise<Question> {
  const { question } = (await import(new URL(`${name}.ts`, folder).href)) as { question: Question };
  return question;
}
