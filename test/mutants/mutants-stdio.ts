/** Steps of the store over two streams, each left out or turned round. */
import type { Mutant } from './mutant.ts';

const SERVER = 'src/vault/shell/stdio-server.ts';
const CLIENT = 'src/vault/shell/stdio-client.ts';
const REPLY = 'src/vault/shell/stdio-reply.ts';
const SIM = 'sim/stdio.sim.test.ts';
const OF_SERVER = 'src/vault/shell/stdio-server.test.ts';
const OF_CLIENT = 'src/vault/shell/stdio-client.test.ts';

export const STDIO_MUTANTS: readonly Mutant[] = [
  {
    id: 'stdio: the server answers before the object is durable',
    file: SERVER,
    edits: [
      {
        replace: '    const outcome = incoming.end(sha256);\n',
        with: "    await this.#send(number, KIND.stored, [{ bytes: this.#ports.tools.codec.bytesOf(byteString(sha256)) }]);\n    const outcome = incoming.end(sha256) as string;\n    if (outcome !== '') return true;\n",
      },
    ],
    caughtBy: { file: SIM, name: 'far machine stops at a writing call .posix' },
    why: 'acknowledged and gone',
    isQuick: true,
  },
  {
    id: 'stdio: what failed there is answered as stored',
    file: SERVER,
    edits: [
      {
        replace: '    if (this.#fault !== undefined) return this.#fault;\n',
        with: "    if (this.#fault !== undefined) return 'stored';\n",
      },
    ],
    caughtBy: { file: SIM, name: 'EIO at a writing call' },
    why: 'acknowledged and never there',
  },
  {
    id: 'stdio: the digest of what came is not compared',
    file: SERVER,
    edits: [{ replace: 'this.#stream.digest() !== sha256', with: "sha256 === 'x'" }],
    caughtBy: { file: OF_SERVER, name: 'other bytes, or in part' },
    why: 'what memory or a line spoilt is acknowledged',
    isQuick: true,
  },
  {
    id: 'stdio: half an object is finished when the line is cut',
    file: SERVER,
    edits: [
      {
        replace: 'if (this.#fault === undefined) this.#put?.giveUp();\n  }',
        with: 'this.#put?.finish();\n  }',
      },
    ],
    caughtBy: { file: OF_SERVER, name: 'a cut at any byte' },
    why: 'half an object under its name',
    isQuick: true,
  },
  {
    id: 'stdio: sizes are not limited by the server',
    file: SERVER,
    edits: [{ replace: 'sizeBytes <= objectSizeMax(name)', with: 'sizeBytes >= 0' }],
    caughtBy: { file: OF_SERVER, name: 'beyond' },
    why: 'one frame of a stranger holds the server for ever',
  },
  {
    id: 'stdio: the client does not look at the digest it is told',
    file: REPLY,
    edits: [{ replace: "isSame ? 'stored' : 'spoilt'", with: "isSame ? 'stored' : 'stored'" }],
    caughtBy: { file: OF_CLIENT, name: 'another digest' },
    why: 'what was spoilt on the way is acknowledged',
  },
  {
    id: 'stdio: the client takes more than it asked for',
    file: REPLY,
    edits: [{ replace: 'this.#size + rest.length <= this.sizeMax', with: 'this.#size >= 0' }],
    caughtBy: { file: OF_CLIENT, name: 'more bytes than were asked for' },
    why: 'a hostile server fills the memory of its client',
  },
  {
    id: 'stdio: the client does not wait until the line takes more',
    file: CLIENT,
    edits: [
      {
        replace: 'await this.#ports.output.write(body.subarray(at, at + SLICE_SIZE));',
        with: 'void this.#ports.output.write(body.subarray(at, at + SLICE_SIZE));',
      },
    ],
    caughtBy: { file: OF_CLIENT, name: 'hands on no more' },
    why: 'memory grows with what a slow line has not taken',
  },
];
