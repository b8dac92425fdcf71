// Run by capture-fidelity.test.ts as another user: captures the tree below the directory it is given
// and tells what came of it.
import { join } from 'node:path';
import { captureFixture } from '../capture/capture-fixture.ts';

const [, , dir = '', tree = ''] = process.argv;
const fixture = await captureFixture(join(dir, 'own'));
const { outcome, entries } = await fixture.capture({}, tree);
const unreadable = [...entries].flatMap(([path, entry]) =>
  entry.unreadable === undefined ? [] : [[path, entry.unreadable]],
);
process.stdout.write(
  JSON.stringify({ paths: [...entries.keys()], unreadable, gaps: outcome.report.gaps }),
);
