import { type Message, MessageType } from "@redoubt/raft";
import { beforeEach, describe, expect, test } from "vitest";
import { SyncPromises } from "./sync-promises.js";

let sent: number[];
let promises: SyncPromises;
beforeEach(() => {
  sent = [];
  promises = new SyncPromises((message) => sent.push(message.term));
});

/** Told apart by their term. */
function message(term: number): Message {
  return { type: MessageType.voteResponse, from: 1, to: 2, term, granted: true } as Message;
}

/** The core is told of all that is durable. */
function report(): boolean {
  promises.report();
  return promises.keep();
}

describe("trap-03 a promise leaves", () => {
  test("at once when nothing is on its way to the disk", () => {
    promises.promise([message(1), message(2)]);
    expect(sent).toEqual([1, 2]);
    expect(promises.isWaiting).toBe(false);
  });

  test("not before what was handed out ahead of it is durable, and the core knows that", () => {
    promises.handOut(1);
    promises.promise([message(1)]);
    expect(promises.isWaiting).toBe(true);
    promises.persisted(1);
    expect(promises.keep()).toBe(false);
    expect(sent).toEqual([]);
    expect(promises.hasNews).toBe(true);
    expect(promises.report()).toBe(1);
    expect(promises.hasNews).toBe(false);
    expect(promises.keep()).toBe(true);
    expect(sent).toEqual([1]);
    expect(promises.isWaiting).toBe(false);
  });

  test("with its own sync, in order, and once", () => {
    promises.handOut(1);
    promises.promise([message(1)]);
    promises.handOut(2);
    promises.promise([message(2), message(3)]);
    promises.handOut(3);
    promises.promise([message(4)]);
    promises.persisted(1);
    expect(report()).toBe(true);
    expect(sent).toEqual([1]);
    promises.persisted(3);
    expect(report()).toBe(true);
    expect(sent).toEqual([1, 2, 3, 4]);
    expect(report()).toBe(false);
  });

  test("behind those that wait, though an older sync is done", () => {
    promises.handOut(1);
    promises.handOut(2);
    promises.promise([message(1)]);
    promises.persisted(1);
    report();
    promises.promise([message(2)]);
    expect(sent).toEqual([]);
    promises.persisted(2);
    report();
    expect(sent).toEqual([1, 2]);
  });
});

test("syncs out of order, or of what was not handed out, are refused", () => {
  expect(() => promises.handOut(2)).toThrow();
  promises.handOut(1);
  expect(() => promises.persisted(2)).toThrow();
  promises.persisted(1);
  expect(() => promises.persisted(1)).toThrow();
});
