/** One object over SFTP: S1 to S9 of docs/design/010-sftp-store.md, each left out or turned round. */
import type { Mutant } from './mutant.ts';

const PUT = 'src/adapters/sftp/sftp-put.ts';
const DIRECTORIES = 'src/adapters/sftp/sftp-directories.ts';
const SIM = 'sim/sftp.sim.test.ts';
const KILLED = { file: SIM, name: 'killed anywhere, crashed anywhere .posix.*in order' };
const ANY_ORDER = { file: SIM, name: 'killed anywhere, crashed anywhere .posix.*in any order' };
const FAILING = { file: SIM, name: 'EIO at every call' };
const CUT = { file: SIM, name: 'the link is cut' };

export const SFTP_MUTANTS: readonly Mutant[] = [
  {
    id: 'sftp S1 an object is written under its name',
    file: PUT,
    edits: [
      {
        replace: 'const temporary = pathIn(place,',
        with: 'const temporary = request.target; pathIn(place,',
      },
      {
        replace: 'const published = await this.#publish(path, target);',
        with: "const published = 'stored';",
      },
      {
        replace: 'await this.#finish(directory, path); // S4',
        with: 'await directories.sync(directory);',
      },
    ],
    caughtBy: CUT,
    why: 'half an object under its name',
    isQuick: true,
  },
  {
    id: 'sftp S2 an object is not synced before it has its name',
    file: PUT,
    edits: [
      {
        replace: 'offers(EXTENSION.fsync) ? client.request(fsync(handle)) : written, // S2',
        with: 'written,',
      },
    ],
    caughtBy: KILLED,
    why: 'zeros under a good name',
    isQuick: true,
  },
  {
    id: 'sftp S3 the name is given though it is taken',
    file: PUT,
    edits: [
      {
        replace: 'const linked = await client.request(hardlink(from, to));',
        with: 'void client.request(remove(to)); const linked = await client.request(hardlink(from, to));',
      },
    ],
    caughtBy: { file: SIM, name: 'of many that put one name at once' },
    why: 'a second writer replaces what the first was told is there',
    isQuick: true,
  },
  {
    id: 'sftp S4 the directory of a new object is not synced',
    file: PUT,
    edits: [
      {
        replace: 'await this.#finish(directory, path); // S4',
        with: 'await client.request(remove(path)); directory;',
      },
    ],
    caughtBy: KILLED,
    why: 'acknowledged and gone',
    isQuick: true,
  },
  {
    id: 'sftp S4 the directory is synced beside the link and not after it',
    file: PUT,
    edits: [
      {
        replace: 'const published = await this.#publish(path, target);',
        with: 'const [published] = await allEnded([this.#publish(path, target), directories.sync(directory)]);',
      },
      {
        replace: 'await this.#finish(directory, path); // S4',
        with: 'await client.request(remove(path));',
      },
    ],
    caughtBy: ANY_ORDER,
    why: 'acknowledged and gone, behind a server that works in another order',
    isQuick: true,
  },
  {
    id: 'sftp S5 the directory of an object that is present is not synced',
    file: PUT,
    edits: [
      {
        replace: 'await this.#finish(await ensured, path); // S5',
        with: 'await ensured; await client.request(remove(path)); // S5',
      },
    ],
    caughtBy: KILLED,
    why: 'acknowledged to the second writer and gone',
  },
  {
    id: 'sftp S6 a new directory is not made durable in its parent',
    file: DIRECTORIES,
    edits: [
      {
        replace: 'isNew || above.handle !== undefined ? this.sync(above) : undefined,',
        with: '!isNew && above.handle !== undefined ? this.sync(above) : undefined,',
      },
    ],
    caughtBy: KILLED,
    why: 'all of a directory is gone',
  },
  {
    id: 'sftp S7 a directory that was found is not made durable',
    file: DIRECTORIES,
    edits: [
      {
        replace: 'isNew || above.handle !== undefined ? this.sync(above) : undefined,',
        with: 'isNew ? this.sync(above) : undefined,',
      },
    ],
    caughtBy: KILLED,
    why: 'as S6, for the second writer',
  },
  {
    id: 'sftp S7 what was found above the root is not made durable before the root is made',
    file: DIRECTORIES,
    edits: [
      {
        replace: '    if (!isMissing) {\n',
        with: '    if (!isMissing && path !== this.#place.root) {\n      const own = await this.#open(path);\n      return { path, handle: own.ok ? own.value : undefined };\n    }\n    if (!isMissing) {\n',
      },
    ],
    caughtBy: KILLED,
    why: 'all of the vault is gone, for the second writer',
  },
  {
    id: 'sftp S8 a WRITE that failed counts as done',
    file: PUT,
    edits: [
      {
        replace: 'for (const answer of [wrote, synced, attributes, closed]) {',
        with: 'for (const answer of [synced, attributes, closed]) {',
      },
      { replace: 'const [wrote, synced,', with: 'const [, synced,' },
    ],
    caughtBy: FAILING,
    why: 'an object with a hole under a good name',
  },
  {
    id: 'sftp S8 a sync that failed counts as done',
    file: PUT,
    edits: [
      {
        replace: 'for (const answer of [wrote, synced, attributes, closed]) {',
        with: 'for (const answer of [wrote, attributes, closed]) {',
      },
      { replace: 'const [wrote, synced,', with: 'const [wrote, ,' },
    ],
    caughtBy: FAILING,
    why: 'zeros under a good name',
  },
  {
    id: 'sftp S8 the name is given before the answers are there',
    file: PUT,
    edits: [
      {
        replace: 'const [directory] = await allEnded([ensured, this.#fill(temporary, bytes)]);',
        with: 'const directory = await ensured; const filling = this.#fill(temporary, bytes);',
      },
      {
        replace: 'const published = await this.#publish(path, target);',
        with: 'const [published] = await allEnded([this.#publish(path, target), filling]);',
      },
    ],
    caughtBy: FAILING,
    why: 'an object that failed is acknowledged to the next who puts it',
  },
  {
    id: 'sftp S9 the size is not looked at before the object has its name',
    file: PUT,
    edits: [
      {
        replace: 'if (size === undefined || size === bytes.length) return;',
        with: 'if (size !== -1) return;',
      },
    ],
    caughtBy: { file: SIM, name: 'keeps less than it says' },
    why: 'an object that a server cut short is acknowledged',
    isQuick: true,
  },
];
