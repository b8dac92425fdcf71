import { makeTree, changeTree } from './sync-plan.ts';
if (process.argv[2] === 'make') console.log(makeTree(process.argv[3]!, Number(process.argv[4])));
else changeTree(process.argv[3]!, Number(process.argv[4]));
