/** What keeps a host, a server or a browser from taking more or less than there is: each left out. */
import type { Mutant } from './mutant.ts';

const ATTACK = 'test/server/attack-files.test.ts';

export const FILES_MUTANTS: readonly Mutant[] = [
  {
    id: 'files: another digest than was said',
    file: 'src/main/server/files-download.ts',
    edits: [{ replace: 'answer.sha256 !== null && answer.sha256 !== found', with: 'found === ""' }],
    caughtBy: { file: ATTACK, name: 'a digest that is not of it' },
    why: 'another file is taken for the one that was saved',
  },
  {
    id: 'files: a short file is whole',
    file: 'src/main/server/files-download.ts',
    edits: [{ replace: 'if (size !== answer.size)', with: 'if (size < 0)' }],
    caughtBy: { file: ATTACK, name: 'less than it said' },
    why: 'half a file ends without a word',
  },
  {
    id: 'files: the last part is not held back',
    file: 'src/main/server/files-download.ts',
    edits: [
      {
        replace: '    held = bytes;\n    if (!isLast) continue;',
        with: '    held = new Uint8Array();\n    await written(response, bytes);\n    if (!isLast) continue;',
      },
    ],
    caughtBy: { file: ATTACK, name: 'a trailer that is not of it' },
    why: 'a browser has all of a wrong file, and calls it done',
  },
  {
    id: 'files: parts in any order',
    file: 'src/main/server/files-desk.ts',
    edits: [{ replace: 'if (message.part !== question.part) {', with: 'if (message.part < 0) {' }],
    caughtBy: { file: ATTACK, name: 'parts out of order' },
    why: 'a part that was lost is not missed',
  },
  {
    id: 'files: a host says whose a snapshot is',
    file: 'src/main/server/files-reading.ts',
    edits: [{ replace: '({ ...said, host })', with: '({ ...said, host: said.host })' }],
    caughtBy: { file: ATTACK, name: 'speaks of its own data' },
    why: 'a host that was taken over shows its files as those of another',
  },
  {
    id: 'files: any host answers for all',
    file: 'src/watch/core/files/reader-of.ts',
    edits: [{ replace: '!restoreHosts.includes(name)', with: 'restoreHosts.includes(name)' }],
    caughtBy: { file: 'src/watch/core/files/reader-of.test.ts' },
    why: 'what a host says of another’s data is shown',
  },
  {
    id: 'files: any agent answers what another was asked',
    file: 'src/main/server/files-desk.ts',
    edits: [{ replace: 'question?.agent !== message.agent', with: 'question === undefined' }],
    caughtBy: { file: ATTACK, name: 'nothing for what another was asked' },
    why: 'one host puts its bytes into the download of another',
  },
  {
    id: 'restore: a part begins in the middle of a directory',
    file: 'src/recover/core/surviving-lines.ts',
    edits: [{ replace: 'line !== undefined && isOnWay(walk, path)', with: 'line !== undefined' }],
    caughtBy: { file: 'test/integration/restore.test.ts', name: 'of a part nothing else' },
    why: 'a part of a large snapshot cannot be restored',
  },
];
