/** Nodes of an OrderedMap's tree: how keys are found, put in and taken out, and what always holds. */

import { assert } from "../assert.js";

/** null children: a leaf. */
export class OrderedNode<V> {
  keys: string[];
  values: V[];
  children: OrderedNode<V>[] | null;

  constructor(keys: string[], values: V[], children: OrderedNode<V>[] | null) {
    this.keys = keys;
    this.values = values;
    this.children = children;
  }
}

/** Returns the new right sibling when the node overflowed. */
export function insertInto<V>(
  node: OrderedNode<V>,
  key: string,
  value: V,
  fanOut: number,
): OrderedNode<V> | null {
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

function splitNode<V>(node: OrderedNode<V>, insertedAt: number): OrderedNode<V> {
  const { keys, values, children } = node;
  const appended = insertedAt === keys.length - 1;
  const from = appended ? keys.length - 1 : keys.length >> 1;
  const right = new OrderedNode<V>(
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

export function removeFrom<V>(node: OrderedNode<V>, key: string, fanOut: number): V {
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
function mergeChildren<V>(node: OrderedNode<V>, i: number, fanOut: number): boolean {
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
export function lowerBound(keys: readonly string[], key: string): number {
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
export function childIndex(keys: readonly string[], key: string): number {
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

export function countNodes<V>(node: OrderedNode<V>): number {
  return 1 + (node.children ?? []).reduce((sum, child) => sum + countNodes(child), 0);
}

/** Keys of the node are in [low, end); null: no end. */
export function checkNode<V>(
  node: OrderedNode<V>,
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
