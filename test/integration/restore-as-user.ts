// Run by restore-fidelity.test.ts as another user: makes, backs up, restores and compares a tree
// below the directory it is given, or restores what was backed up there by somebody else.
import { join } from 'node:path';
import { compareTrees } from '../fidelity/compare.ts';
import { makeOracleTree } from '../fidelity/oracle-tree.ts';
import { isBeyond64Bits, openFixture, vaultFixture } from './restore-fixture.ts';

const [, , dir = '', only] = process.argv;
const target = join(dir, 'out');
if (only === 'restore-only') {
  const fixture = await openFixture(dir);
  const { unset, failures } = await fixture.restore(target);
  process.stdout.write(JSON.stringify({ unset, failures }));
} else {
  const fixture = await vaultFixture(dir);
  const tree = await makeOracleTree(join(dir, 'tree'));
  await fixture.backup(tree.dir);
  const { unset, failures } = await fixture.restore(target);
  const differences = await compareTrees(tree.dir, target, { ignore: isBeyond64Bits });
  process.stdout.write(JSON.stringify({ differences, unset, failures }));
}
