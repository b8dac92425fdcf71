// Run by restore.test.ts, which kills it in the middle.
import { openFixture } from './restore-fixture.ts';

const [, , dir = '', target = ''] = process.argv;
const fixture = await openFixture(dir);
await fixture.restore(target);
