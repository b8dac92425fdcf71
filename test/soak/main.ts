// `npm run soak [-- --minutes N]`: mixed work by real processes, killed at any moment; an hour by default.
// SEED=N plays the same work again; the moments are those of the machine.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Soak } from './soak.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0, not ${values.minutes}`);
console.log(`SEED=${seed}, ${minutes} minutes`);
using soak = new Soak(seed);
const { ended, ...counts } = await soak.run(performance.now() + minutes * 60_000);
console.log({ ...counts, ended: Object.fromEntries([...ended].sort()) });
