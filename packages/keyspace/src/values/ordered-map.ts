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
import {
  checkNode,
  childIndex,
  countNodes,
  insertInto,
  lowerBound,
  OrderedNode,
  removeFrom,
} from "./ordered-node.js";

/** Values are never `undefined`: that says "no such key". */
export class OrderedMap<V> {
  private root: OrderedNode<V> | null = null;
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
      this.root = new OrderedNode([key], [value], null);
    } else {
      const right = insertInto(root, key, value, this.fanOut);
      if (right !== null) {
        this.root = new OrderedNode<V>([root.keys[0]!, right.keys[0]!], [], [root, right]);
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

function firstLeaf<V>(root: OrderedNode<V>): OrderedNode<V> {
  let node = root;
  while (node.children !== null) {
    node = node.children[0]!;
  }
  return node;
}

function lastLeaf<V>(root: OrderedNode<V>): OrderedNode<V> {
  let node = root;
  while (node.children !== null) {
    node = node.children[node.children.length - 1]!;
  }
  return node;
}

/** A child's keys can all be above `key` although its own key is not: then the one before has it. */
function floorIn<V>(node: OrderedNode<V>, key: string): V | undefined {
  const { keys, values, children } = node;
  if (children === null) {
    const i = lowerBound(keys, key);
    return keys[i] === key ? values[i] : values[i - 1];
  }
  const i = childIndex(keys, key);
  const found = floorIn(children[i]!, key);
  return found === undefined && i > 0 ? floorIn(children[i - 1]!, key) : found;
}

function visitUp<V>(
  node: OrderedNode<V>,
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
  node: OrderedNode<V>,
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

function cloneNode<V>(node: OrderedNode<V>, copy: (value: V) => V): OrderedNode<V> {
  return new OrderedNode(
    node.keys.slice(),
    node.values.map(copy),
    node.children === null ? null : node.children.map((child) => cloneNode(child, copy)),
  );
}
