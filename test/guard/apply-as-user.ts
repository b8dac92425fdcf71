// Run by hostile.test.ts as another user: plans, applies and takes back in the tree below the
// directory it is given.
import { join } from 'node:path';
import { guardIn } from './real-guard.ts';

const guard = guardIn(process.argv[2] ?? '');
const before = guard.picture();
const planned = guard.plan([
  { do: 'delete', path: 'old' },
  { do: 'put', path: 'b', thing: { kind: 'file', content: 'new' } },
  { do: 'put', path: 'c', thing: { kind: 'dir' } },
]);
const report = await guard.apply(planned);
const back = await guard.undo(planned.header.id);
const isSame = guard.picture(join(guard.top, 'tree')) === before;
process.stdout.write(JSON.stringify({ applied: report.outcome, undone: back.outcome, isSame }));
