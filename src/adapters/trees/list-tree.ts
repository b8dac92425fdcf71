/** What lies below a place, here or over ssh, as a sorted stream: memory does not grow with it. */
import fs from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { ListedEntry } from '../../guard/core/compare-listings.ts';
import { ChildLink } from '../ssh/child-link.ts';
import { keepUnread, nextBytes } from '../ssh/node-bytes.ts';
import { lastLine, sshFailure } from '../ssh/ssh-failure.ts';
import { sshArguments, sshProgram } from '../ssh/ssh-link.ts';
import type { ReadSight } from './tree-sight.ts';
import { rootLine, sayTreePlace } from './tree-place.ts';

/** GNU find writes seconds with a fraction of ten digits. */
const RECORD = /^(.*)\/\/([a-zA-Z?]) ([0-9]+) (-?[0-9]+)(?:\.([0-9]+))?$/s;
const END = /^\/\/end ([0-9]+)$/;
const MS_DIGITS = 3;

/**
 * Needs GNU find over there. In the order of the bytes of path and two slashes.
 *
 * @throws Fault HF_SSH_..., HF_TREE_UNSEEN: also where not all of it could be read
 */
export async function* listTree(
  asked: Pick<ReadSight, 'place' | 'environment' | 'mayAsk'>,
): AsyncGenerator<ListedEntry, void, undefined> {
  const { place, environment, mayAsk } = asked;
  const { program, first } = sshProgram(environment);
  const request = { command: 'exec sh -s' };
  const link = new ChildLink(
    place.at === undefined
      ? { program: '/bin/sh', args: ['-s'], isApart: true, environment }
      : {
          program,
          args: [...first, ...sshArguments(place.at, { request, hasTerminal: mayAsk })],
          isApart: !mayAsk,
          environment,
        },
  );
  // The listing here is long done while that of a slow host is awaited.
  keepUnread(link.output);
  const script = fs.readFileSync(path.join(import.meta.dirname, 'list.sh'), 'latin1');
  link.input.end(Buffer.from(`${rootLine(place)}\n${script}`, 'latin1'));
  let status: number | undefined;
  try {
    for await (const record of records(link.output)) {
      const end = END.exec(record)?.[1];
      if (end !== undefined) status = Number(end);
      else yield entryOf(record, sayTreePlace(place));
    }
    const end = await link.ended;
    if (status === 0 && end.code === 0) return;
    if (status === undefined && place.at !== undefined && end.code === 255) {
      throw sshFailure({ place: place.at, end, wasUp: false });
    }
    const said = lastLine(end.stderrTail);
    throw unseen(sayTreePlace(place), said === '' ? 'the list did not end well' : said);
  } finally {
    await link.stop();
  }
}

async function* records(from: Readable): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for (;;) {
    const part = await nextBytes(from);
    if (part === undefined) return;
    const pieces = (rest + Buffer.from(part).toString('latin1')).split('\0');
    rest = pieces.pop() ?? '';
    yield* pieces;
  }
}

function entryOf(record: string, place: string): ListedEntry {
  const [, name, kind, size, secondsText, fraction = ''] = RECORD.exec(record) ?? [];
  if (name === undefined || kind === undefined) throw unseen(place, 'its find is not that of GNU');
  const ms =
    Number(secondsText) * 1000 + Number(fraction.slice(0, MS_DIGITS).padEnd(MS_DIGITS, '0'));
  return { path: byteString(name), kind, bytes: Number(size), mtime: ms };
}

function unseen(place: string, why: string): Fault {
  return new Fault('HF_TREE_UNSEEN', `could not list all of ${place}: ${why}`);
}
