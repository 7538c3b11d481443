/** The process of one question: `answer.ts NAME ROUNDS`, started by run-micro.ts, gets its figures as a message. */

import { loadQuestion } from "./find-questions.js";
import { measure, PACE } from "./measure.js";

const [name = "", rounds = ""] = process.argv.slice(2);
const figures = measure(await loadQuestion(name), { ...PACE, rounds: Number(rounds) });
process.send!(figures, () => process.disconnect());
