/** Tables on the terminal: texts to the left, figures to the right. */

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: "left" | "right";
}

export class Table {
  readonly #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  printTitles(): void {
    this.printRow(this.#columns.map((column) => column.title));
  }

  /** A text longer than its column takes room from what follows: none is cut. */
  printRow(cells: readonly string[]): void {
    const line = this.#columns.map(({ width, align }, i) => {
      const cell = cells[i] ?? "";
      return align === "left" ? cell.padEnd(width) : cell.padStart(width);
    });
    process.stdout.write(`${line.join("").trimEnd()}\n`);
  }
}

export function left(title: string, width: number): Column {
  return { title, width, align: "left" };
}

export function right(title: string, width: number): Column {
  return { title, width, align: "right" };
}
