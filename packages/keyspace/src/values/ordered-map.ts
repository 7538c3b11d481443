/**
 * A map ordered by latin1 keys: a B+ tree. Keys compare as bytes do. Every call is O(log n) and moves at
 * most one node's slots a level, so nothing ever grows or is rehashed as a whole.
 *
 *   inner  keys[i]: not above any key of children[i] (keys[0] is never looked at)
 *   leaf   keys[i] -> values[i]
 *
 * Keys mostly arrive in order: a leaf that overflows at its end stays full and a new one is begun.
 */

import { assert } from "../assert.js";
import { ORDERED_MAP_FAN_OUT } from "../constants.js";

/** null children: a leaf. */
class Node<V> {
  keys: string[];
  values: V[];
  children: Node<V>[] | null;

  constructor(keys: string[], values: V[], children: Node<V>[] | null) {
    this.keys = keys;
    this.values = values;
    this.children = children;
  }
}

/** Values are never `undefined`: that says "no such key". */
export class OrderedMap<V> {
  private root: Node<V> | null = null;
  private entries = 0;
  private readonly fanOut: number;

  constructor(fanOut: number = ORDERED_MAP_FAN_OUT) {
    assert(fanOut >= 4, "a node has room for a split");
    this.fanOut = fanOut;
  }

  get size(): number {
    return this.entries;
  }

  get(key: string): V | undefined {
    let node = this.root;
    if (node === null) {
      return undefined;
    }
    while (node.children !== null) {
      node = node.children[childIndex(node.keys, key)]!;
    }
    const i = lowerBound(node.keys, key);
    return node.keys[i] === key ? node.values[i] : undefined;
  }

  /** The key is not there. */
  insert(key: string, value: V): void {
    const { root } = this;
    if (root === null) {
      this.root = new Node([key], [value], null);
    } else {
      const right = insertInto(root, key, value, this.fanOut);
      if (right !== null) {
        this.root = new Node<V>([root.keys[0]!, right.keys[0]!], [], [root, right]);
      }
    }
    this.entries++;
  }

  /** The key is there. */
  remove(key: string): V {
    assert(this.root !== null, "a removed key is in the map");
    const value = removeFrom(this.root, key, this.fanOut);
    this.entries--;
    while (this.root.children !== null && this.root.children.length === 1) {
      this.root = this.root.children[0]!;
    }
    if (this.entries === 0) {
      this.root = null;
    }
    return value;
  }

  firstKey(): string | undefined {
    return this.root === null ? undefined : firstLeaf(this.root).keys[0];
  }

  lastKey(): string | undefined {
    return this.root === null ? undefined : lastLeaf(this.root).keys.at(-1);
  }

  /** The value of the smallest key. */
  first(): V | undefined {
    return this.root === null ? undefined : firstLeaf(this.root).values[0];
  }

  /** The value of the largest key. */
  last(): V | undefined {
    return this.root === null ? undefined : lastLeaf(this.root).values.at(-1);
  }

  /** The value of the largest key that is at most `key`. */
  atOrBelow(key: string): V | undefined {
    return this.root === null ? undefined : floorIn(this.root, key);
  }

  /** Visits upward from `key` until `visit` returns false. The map must not change meanwhile. */
  forEachUp(key: string, visit: (key: string, value: V) => boolean): void {
    if (this.root !== null) {
      visitUp(this.root, key, visit);
    }
  }

  /** Visits downward from `key` until `visit` returns false. The map must not change meanwhile. */
  forEachDown(key: string, visit: (key: string, value: V) => boolean): void {
    if (this.root !== null) {
      visitDown(this.root, key, visit);
    }
  }

  /** All of them, in order. The map must not change meanwhile. */
  forEach(visit: (value: V, key: string) => void): void {
    this.forEachUp("", (key, value) => {
      visit(value, key);
      return true;
    });
  }

  clone(copy: (value: V) => V): OrderedMap<V> {
    const other = new OrderedMap<V>(this.fanOut);
    other.entries = this.entries;
    other.root = this.root === null ? null : cloneNode(this.root, copy);
    return other;
  }

  /** For tests: what the entries take. */
  nodeCount(): number {
    return this.root === null ? 0 : countNodes(this.root);
  }

  /** For tests: the tree's invariants. */
  check(): void {
    assert((this.root === null) === (this.entries === 0), "only an empty map has no root");
    const found = this.root === null ? 0 : checkNode(this.root, "", null, this.fanOut).entries;
    assert(found === this.entries, "the leaves hold all entries");
  }
}

function firstLeaf<V>(root: Node<V>): Node<V> {
  let node = root;
  while (node.children !== null) {
    node = node.children[0]!;
  }
  return node;
}

function lastLeaf<V>(root: Node<V>): Node<V> {
  let node = root;
  while (node.children !== null) {
    node = node.children[node.children.length - 1]!;
  }
  return node;
}

/** A child's keys can all be above `key` although its own key is not: then the one before has it. */
function floorIn<V>(node: Node<V>, key: string): V | undefined {
  const { keys, values, children } = node;
  if (children === null) {
    const i = lowerBound(keys, key);
    return keys[i] === key ? values[i] : values[i - 1];
  }
  const i = childIndex(keys, key);
  const found = floorIn(children[i]!, key);
  return found === undefined && i > 0 ? floorIn(children[i - 1]!, key) : found;
}

/** Returns the new right sibling when the node overflowed. */
function insertInto<V>(node: Node<V>, key: string, value: V, fanOut: number): Node<V> | null {
  const { keys, values, children } = node;
  if (children === null) {
    const i = lowerBound(keys, key);
    assert(keys[i] !== key, "an inserted key is not in the map");
    if (i === keys.length) {
      keys.push(key);
      values.push(value);
    } else {
      keys.splice(i, 0, key);
      values.splice(i, 0, value);
    }
    return keys.length <= fanOut ? null : splitNode(node, i);
  }
  const i = childIndex(keys, key);
  const right = insertInto(children[i]!, key, value, fanOut);
  if (right === null) {
    return null;
  }
  keys.splice(i + 1, 0, right.keys[0]!);
  children.splice(i + 1, 0, right);
  return keys.length <= fanOut ? null : splitNode(node, i + 1);
}

function splitNode<V>(node: Node<V>, insertedAt: number): Node<V> {
  const { keys, values, children } = node;
  const appended = insertedAt === keys.length - 1;
  const from = appended ? keys.length - 1 : keys.length >> 1;
  const right = new Node<V>(
    keys.slice(from),
    children === null ? values.slice(from) : [],
    children === null ? null : children.slice(from),
  );
  keys.length = from;
  if (children === null) {
    values.length = from;
  } else {
    children.length = from;
  }
  return right;
}

function removeFrom<V>(node: Node<V>, key: string, fanOut: number): V {
  const { keys, children } = node;
  if (children === null) {
    const i = lowerBound(keys, key);
    assert(keys[i] === key, "a removed key is in the map");
    keys.splice(i, 1);
    return node.values.splice(i, 1)[0]!;
  }
  const i = childIndex(keys, key);
  const child = children[i]!;
  const value = removeFrom(child, key, fanOut);
  if (child.keys.length === 0) {
    keys.splice(i, 1);
    children.splice(i, 1);
  } else if (child.keys.length < fanOut >> 2) {
    if (!mergeChildren(node, i - 1, fanOut)) {
      mergeChildren(node, i, fanOut);
    }
  }
  return value;
}

/** Moves child i + 1 into child i if both together leave room: else the next insertion would split. */
function mergeChildren<V>(node: Node<V>, i: number, fanOut: number): boolean {
  const children = node.children!;
  const left = children[i];
  const right = children[i + 1];
  if (left === undefined || right === undefined) {
    return false;
  }
  if (left.keys.length + right.keys.length > (fanOut * 3) >> 2) {
    return false;
  }
  right.keys[0] = right.children === null ? right.keys[0]! : node.keys[i + 1]!;
  left.keys.push(...right.keys);
  if (left.children === null) {
    left.values.push(...right.values);
  } else {
    left.children.push(...right.children!);
  }
  node.keys.splice(i + 1, 1);
  children.splice(i + 1, 1);
  return true;
}

/** First position whose key is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  if (high > 0 && keys[high - 1]! < key) {
    return high;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Last position from 1 on whose key is not above `key`, else 0. */
function childIndex(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length - 1;
  if (keys[high]! <= key) {
    return high;
  }
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (keys[middle]! <= key) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

function visitUp<V>(
  node: Node<V>,
  key: string,
  visit: (key: string, value: V) => boolean,
): boolean {
  const { keys, values, children } = node;
  if (children === null) {
    for (let i = lowerBound(keys, key); i < keys.length; i++) {
      if (!visit(keys[i]!, values[i]!)) {
        return false;
      }
    }
    return true;
  }
  for (let i = childIndex(keys, key); i < children.length; i++) {
    if (!visitUp(children[i]!, key, visit)) {
      return false;
    }
  }
  return true;
}

function visitDown<V>(
  node: Node<V>,
  key: string,
  visit: (key: string, value: V) => boolean,
): boolean {
  const { keys, values, children } = node;
  if (children === null) {
    let i = lowerBound(keys, key);
    i = keys[i] === key ? i : i - 1;
    for (; i >= 0; i--) {
      if (!visit(keys[i]!, values[i]!)) {
        return false;
      }
    }
    return true;
  }
  for (let i = childIndex(keys, key); i >= 0; i--) {
    if (!visitDown(children[i]!, key, visit)) {
      return false;
    }
  }
  return true;
}

function cloneNode<V>(node: Node<V>, copy: (value: V) => V): Node<V> {
  return new Node(
    node.keys.slice(),
    node.values.map(copy),
    node.children === null ? null : node.children.map((child) => cloneNode(child, copy)),
  );
}

function countNodes<V>(node: Node<V>): number {
  return 1 + (node.children ?? []).reduce((sum, child) => sum + countNodes(child), 0);
}

/** Keys of the node are in [low, end); null: no end. */
function checkNode<V>(
  node: Node<V>,
  low: string,
  end: string | null,
  fanOut: number,
): { entries: number; height: number } {
  const { keys, values, children } = node;
  assert(keys.length > 0 && keys.length <= fanOut, "a node's slots are in range");
  for (let i = children === null ? 0 : 1; i < keys.length; i++) {
    const previous = i === 0 || (children !== null && i === 1) ? null : keys[i - 1]!;
    assert(previous === null || previous < keys[i]!, "keys of a node rise");
    assert(keys[i]! >= low && (end === null || keys[i]! < end), "keys are in their node's range");
  }
  if (children === null) {
    assert(values.length === keys.length, "each key of a leaf has a value");
    return { entries: keys.length, height: 0 };
  }
  assert(children.length === keys.length && values.length === 0, "each inner key has a child");
  let entries = 0;
  let height = -1;
  for (let i = 0; i < children.length; i++) {
    const from = i === 0 ? low : keys[i]!;
    const found = checkNode(children[i]!, from, keys[i + 1] ?? end, fanOut);
    assert(height === -1 || height === found.height, "all leaves have one height");
    height = found.height;
    entries += found.entries;
  }
  return { entries, height: height + 1 };
}
