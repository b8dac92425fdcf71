/**
 * Keeps one copy of the page: a process of its own, since a place that does not answer would hold up
 * whoever asks it. Arguments: the place, the name, how many stay, the state of the server; the page comes on its input. Prints
 * one line of JSON.
 */
import fs from 'node:fs';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { directoryStore } from '../../vault/shell/store-directory.ts';
import { nodeClock } from '../node/clock.ts';
import { nodeDisk } from '../node/disk.ts';
import { nodeTools } from '../node/tools.ts';
import { openSshStore } from '../ssh/open-ssh-store.ts';
import { isSshPlace, parseSshPlace } from '../ssh/ssh-place.ts';
import type { CopyPlace } from './keep-copy.ts';
import { keepCopy } from './keep-copy.ts';

const [place = '', name = '', keepText = '1', beside = ''] = process.argv.slice(2);
const [clock, tools, disk] = [nodeClock(), nodeTools(), nodeDisk()];

try {
  const bytes = fs.readFileSync(0);
  const opened = isSshPlace(place) ? await overSsh() : inDirectory();
  try {
    const count = await keepCopy(opened, { name, bytes, keep: Number(keepText) }, tools.hash);
    console.log(JSON.stringify({ count, isHere: isOnDiskOf(place, beside) }));
  } finally {
    await opened.close();
  }
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  console.log(JSON.stringify({ why: `${error.message}. ${error.remedy}` }));
  process.exitCode = 1;
}

type Opened = CopyPlace & { readonly close: () => Promise<void> };

function inDirectory(): Opened {
  // A stick that is not there must not become a directory of this machine's own disk.
  if (!fs.statSync(place, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Fault('HF_PLAN_COPY', `${place} is no directory`, { path: place });
  }
  const root = byteString(Buffer.from(place.replace(/(?<=.)\/+$/, ''), 'utf8').toString('latin1'));
  const store = directoryStore({ disk, root, random: tools.random, clock });
  return {
    store,
    forget: (old) => Promise.resolve(disk.unlink(byteString(`${root}/${old}`))),
    close: () => Promise.resolve(),
  };
}

async function overSsh(): Promise<Opened> {
  const far = parseSshPlace(byteString(Buffer.from(place, 'utf8').toString('latin1')));
  const store = await openSshStore(far, { tools, clock });
  const forget = store.forgetCopy?.bind(store);
  return { store, forget, close: () => store.close() };
}

/** Whether both lie on one disk, so that a copy in one dies with the other. */
function isOnDiskOf(copy: string, directory: string): boolean {
  if (isSshPlace(copy)) return false;
  const [one, other] = [copy, directory].map((each) => {
    return fs.statSync(each, { throwIfNoEntry: false })?.dev;
  });
  return one !== undefined && one === other;
}
