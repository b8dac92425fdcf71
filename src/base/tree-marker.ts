/**
 * What marks an enrolled tree: docs/format/tree-marker.md. It belongs to the place and not to its
 * content: whoever lists, syncs or deletes below the top of a tree leaves it out.
 */
import { byteString } from './bytes.ts';

/** At the top of the tree, and only there. */
export const TREE_MARKER = byteString('.holdfast-tree');
