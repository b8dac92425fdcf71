/** A vault's store on another machine: which of two servers is there is seen in its first bytes. */
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import type { Clock } from '../../host/clock.ts';
import type { Tools } from '../../host/tools.ts';
import { GREETING_WORD, SFTP_INIT } from '../../vault/core/stdio-frame.ts';
import { openStdioStore, type StdioStore } from '../../vault/shell/stdio-client.ts';
import { sftpStore } from '../sftp/sftp-store.ts';
import { nextBytes, readerOf, writerOf } from './node-bytes.ts';
import type { RemoteStore } from './remote-store.ts';
import { openLink, type SshLink } from './ssh-link.ts';
import { sshByHand, sshDestination } from './ssh-host.ts';
import { sayPlace, type SshPlace } from './ssh-place.ts';

export interface SshStorePorts {
  readonly tools: Tools;
  readonly clock: Clock;
  /** Somebody sits there whom ssh may ask (passphrase, new host key). Default: no, and ssh fails. */
  readonly hasTerminal?: boolean;
  /** Default: that of this process. HOLDFAST_SSH names another ssh (words split at spaces). */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const ANSWER_MS_MAX = 120_000;
const QUOTED_SIZE_MAX = 80;
/** Before the type of a packet of SFTP stands its length, big-endian. */
const SFTP_TYPE_AT = 4;
const SSH_FXP_VERSION = 2;

/**
 * One connection, that never connects again by itself.
 *
 * @throws Fault HF_SSH_* (no connection), HF_STORE_LINK_LOST (transient, it broke),
 * HF_STORE_PROTOCOL
 */
export async function openSshStore(place: SshPlace, ports: SshStorePorts): Promise<RemoteStore> {
  const { tools, clock, hasTerminal = false, environment = process.env } = ports;
  const link = openLink({ place, hasTerminal, environment });
  // A login that hangs (a home that is not mounted) asks nobody where nobody sits.
  const patience = hasTerminal ? undefined : setTimeout(() => void link.close(), ANSWER_MS_MAX);
  try {
    link.input.write(SFTP_INIT);
    const kind = await answerOf(link, place);
    link.answered();
    if (kind === 'stdio') return await overStdio(link, place, tools);
    return await sftpStore(link, { path: place.path, where: sayPlace(place), tools, clock });
  } catch (error) {
    await link.close();
    throw error;
  } finally {
    clearTimeout(patience);
  }
}

/** Reads as much as tells, and leaves it unread. */
async function answerOf(link: SshLink, place: SshPlace): Promise<'stdio' | 'sftp'> {
  let first = Buffer.alloc(0);
  let kind: ReturnType<typeof kindOf> = 'more';
  while (kind === 'more') {
    const some = await nextBytes(link.output);
    if (some === undefined && first.length === 0) throw await link.failure();
    first = Buffer.concat([first, some ?? Buffer.alloc(0)]);
    kind = some === undefined ? 'neither' : kindOf(first);
  }
  if (kind === 'neither') throw await neither(first, { link, place });
  link.output.unshift(first);
  return kind;
}

function kindOf(first: Uint8Array): 'stdio' | 'sftp' | 'neither' | 'more' {
  const text = Buffer.from(first.subarray(0, GREETING_WORD.length)).toString('latin1');
  if (text === GREETING_WORD) return 'stdio';
  if (GREETING_WORD.startsWith(text)) return 'more';
  // The length of SFTP's answer has 32 bits; it tells its version and extensions in some hundred bytes.
  if (first.subarray(0, 2).some((byte) => byte !== 0)) return 'neither';
  if (first.length <= SFTP_TYPE_AT) return 'more';
  return first[SFTP_TYPE_AT] === SSH_FXP_VERSION ? 'sftp' : 'neither';
}

async function neither(
  first: Uint8Array,
  { link, place }: { readonly link: SshLink; readonly place: SshPlace },
): Promise<Fault> {
  await link.close();
  const said = Buffer.from(first.subarray(0, QUOTED_SIZE_MAX)).toString('latin1');
  const shown = JSON.stringify(said.replaceAll(/[^ -~]+/g, ' ').trim());
  const message = `${sshDestination(place)} answers with what is no store: ${shown}`;
  return new Fault('HF_SSH_ANSWER', message, { host: place.host, ssh: sshByHand(place) });
}

async function overStdio(link: SshLink, place: SshPlace, tools: Tools): Promise<RemoteStore> {
  const where = sshDestination(place);
  const lost = (): Fault =>
    new Fault('HF_STORE_LINK_LOST', `${where} reads no more`, { host: place.host });
  const store = await openStdioStore({
    input: readerOf(link.output),
    output: writerOf(link.input, lost),
    codec: tools.codec,
    where,
    failure: () => link.failure(),
    close: () => link.close(),
  });
  checkPath(store, place);
  const { machine, directory } = store.greeting;
  return {
    ...store,
    kind: 'stdio',
    bytesMoved: () => link.bytesMoved?.(),
    says: sayWhoDeletes(store, place.host),
    ...(machine === undefined ? {} : { machineId: machine }),
    ...(directory === undefined ? {} : { directoryId: directory }),
  };
}

/** The command line over there decides; a place that says something else is a mistake. */
function checkPath({ greeting }: StdioStore, place: SshPlace): void {
  const { path, home } = greeting;
  const wanted = place.path.startsWith('~/') ? `${home}/${place.path.slice(2)}` : place.path;
  if (wanted === path) return;
  const host = sshDestination(place);
  const instead = sayPlace({ ...place, path });
  const message = `the key that ${host} knows serves ${sayName(path)} and nothing else`;
  throw new Fault('HF_SSH_SERVES_OTHER', message, { instead });
}

function sayWhoDeletes({ greeting }: StdioStore, host: string): string {
  return greeting.features.includes('forced')
    ? `This host's key reads and adds on ${host} and deletes nothing there; who has another way into ${host} can.`
    : `Holdfast on ${host} only adds, but nothing shows that this host's key may do no more there: holdfast vault stdio --help.`;
}
