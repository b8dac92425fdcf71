/** The registry of trees of this installation. */
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import type { ByteString } from '../../base/bytes.ts';
import { TreeBook } from '../../guard/shell/tree-book.ts';
import { nodePorts } from '../vault-session.ts';

export function treeBookHere(state: ByteString): TreeBook {
  return new TreeBook(nodePorts(), { state, machine: machineIdHere() ?? '' });
}
