/** What a peer answers to each request, once it is known who asks. Bodies go to the disk as they come. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import {
  encodeAbout,
  encodeHeld,
  encodePeerFault,
  encodeStored,
  PEER_VERSION,
} from '../../vault/core/peer-message.ts';
import { objectSizeMax } from '../../vault/core/stdio-frame.ts';
import { type PeerTurn, type PeerVault, PIECE_SIZE } from '../../vault/shell/peer-vault.ts';
import type { DirectoryStore } from '../../vault/shell/store-directory.ts';
import type { LineWatch } from './line-watch.ts';
import type { Pace } from './peer-limits.ts';
import type { PeerAsk } from './peer-request.ts';

export interface PeerExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly watch: LineWatch;
  readonly host: string;
  readonly vault: PeerVault;
  readonly store: Pick<DirectoryStore, 'getSync'>;
  readonly pace: Pace;
  readonly takePiece: () => Uint8Array;
  readonly giveBack: (piece: Uint8Array) => void;
  readonly about: {
    readonly software: string;
    readonly machine: string | undefined;
    readonly directory: string | undefined;
  };
  readonly quota: () => { readonly bytes: number | undefined; readonly objects: number };
}

const STATUS: Readonly<Partial<Record<string, number>>> = {
  HF_PEER_BUSY: 429,
  HF_PEER_FULL: 507,
  HF_PEER_QUOTA: 403,
  HF_PEER_TOKEN: 401,
  HF_PEER_UPLOAD: 409,
  HF_PEER_VAULT: 404,
  HF_STORE_ABSENT: 404,
  HF_STORE_CORRUPT: 422,
  HF_STORE_NAME: 400,
  HF_STORE_PROTOCOL: 400,
};
const STATUS_OTHER = 503;
/** What of a body is read though nobody wants it, so that its sender reads the answer. */
const UNWANTED_MAX = 64 * MIB;
/** What is handed to the line at once: so often it is seen whether the other side takes it. */
const SLICE_SIZE = 65_536;

export async function answerAsk(exchange: PeerExchange, ask: PeerAsk): Promise<void> {
  switch (ask.kind) {
    case 'put':
      return answerPut(exchange, ask);
    case 'get':
      return answerGet(exchange, ask);
    case 'list': {
      const { vault, watch } = exchange;
      const page = await watch.whileHeld(() => vault.page(ask.prefix, ask.after));
      return sendBytes(exchange, { type: 'text/plain', bytes: Buffer.from(page, 'latin1') });
    }
    case 'held':
      return sendJson(exchange.response, 200, encodeHeld(exchange.vault.held(ask.id)));
    case 'about': {
      const { vault, about, quota, response } = exchange;
      const { software, machine, directory } = about;
      const text = encodeAbout({
        ...{ versions: [PEER_VERSION], software, ...vault.space() },
        ...{ used: await exchange.watch.whileHeld(() => vault.use()), quota: quota() },
        ...(machine === undefined ? {} : { machine }),
        ...(directory === undefined ? {} : { directory }),
      });
      return sendJson(response, 200, text);
    }
  }
}

async function answerPut(
  exchange: PeerExchange,
  { put }: Extract<PeerAsk, { kind: 'put' }>,
): Promise<void> {
  const turn = await exchange.watch.whileHeld(() => exchange.vault.begin(put));
  let isWhole = false;
  try {
    await readBody(exchange, turn);
    isWhole = true;
  } finally {
    if (!isWhole) turn.cut();
  }
  const { outcome, sha256 } = await exchange.watch.whileHeld(() => turn.end());
  const status = outcome === 'stored' ? 201 : 200;
  sendJson(exchange.response, status, encodeStored({ outcome, sha256 }));
}

/** Whole pieces to the disk; what came of a piece before a cut, too. @throws Error where the line ends */
async function readBody(exchange: PeerExchange, turn: PeerTurn): Promise<void> {
  const { request, watch, pace, host } = exchange;
  const piece = exchange.takePiece();
  let filled = 0;
  const flush = (): void => {
    const part = piece.subarray(0, filled);
    filled = 0;
    if (part.length > 0) turn.take(part);
  };
  let isFailed = false;
  try {
    // What goes wrong here is still to be told on this line.
    const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      watch.moved(chunk.length);
      for (let at = 0; at < chunk.length; ) {
        const some = chunk.subarray(at, at + PIECE_SIZE - filled);
        piece.set(some, filled);
        filled += some.length;
        at += some.length;
        if (filled === PIECE_SIZE) flush();
      }
      await watch.whileHeld(() => pace.moved(host, chunk.length));
    }
  } catch (error) {
    isFailed = error instanceof Fault;
    throw error;
  } finally {
    if (!isFailed) flush();
    exchange.giveBack(piece);
  }
}

async function answerGet(
  exchange: PeerExchange,
  { name, range }: Extract<PeerAsk, { kind: 'get' }>,
): Promise<void> {
  const { store, vault, response } = exchange;
  const sizeBytes = vault.sizeOf(name);
  const offset = Math.min(range?.offset ?? 0, sizeBytes);
  const length = Math.min(range?.length ?? sizeBytes, sizeBytes - offset, objectSizeMax(name));
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': length,
  });
  for (let sent = 0; sent < length; ) {
    const wanted = Math.min(PIECE_SIZE, length - sent);
    const piece = store.getSync(name, { offset: offset + sent, length: wanted });
    // It was announced longer: an end in the middle says that it is not.
    if (piece.length !== wanted) {
      throw new Fault('HF_DISK_FAILED', `${name} became shorter`, { path: name, errno: 'EIO' });
    }
    await send(exchange, piece);
    sent += piece.length;
  }
  response.end();
}

async function send(
  { response, watch, pace, host }: PeerExchange,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += SLICE_SIZE) {
    const slice = bytes.subarray(at, at + SLICE_SIZE);
    if (!response.write(slice)) await drained(response);
    watch.moved(slice.length);
    await watch.whileHeld(() => pace.moved(host, slice.length));
  }
}

/** @throws Error where the line ends first */
function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ended = (): void => {
    response.off('drain', taken);
    reject(new Error('nobody reads the answer'));
  };
  const taken = (): void => {
    response.off('close', ended);
    resolve();
  };
  if (response.destroyed) ended();
  else {
    response.once('drain', taken);
    response.once('close', ended);
  }
  return promise;
}

async function sendBytes(
  exchange: PeerExchange,
  { type, bytes }: { readonly type: string; readonly bytes: Uint8Array },
): Promise<void> {
  const { response } = exchange;
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.length });
  await send(exchange, bytes);
  response.end();
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/**
 * A host that sends reads the answer when it has sent: what it still sends is read, and dropped. Of a
 * stranger, or of what is too much, nothing is: the line ends behind the answer.
 */
export async function refuse(
  line: Pick<PeerExchange, 'request' | 'response' | 'watch'> & { readonly isKnown: boolean },
  fault: Fault,
): Promise<void> {
  const { request, response, isKnown } = line;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete) {
    const isBorne = Number(request.headers['content-length'] ?? UNWANTED_MAX + 1) <= UNWANTED_MAX;
    if (isKnown && isBorne) await dropRest(line);
    else response.setHeader('connection', 'close');
  }
  const { seconds } = fault.facts;
  if (seconds !== undefined) response.setHeader('retry-after', String(seconds));
  sendJson(response, STATUS[fault.code] ?? STATUS_OTHER, encodePeerFault(fault));
}

/** Until it ends, or its line does. */
async function dropRest({
  request,
  watch,
}: Pick<PeerExchange, 'request' | 'watch'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  request.on('data', (chunk: Buffer) => watch.moved(chunk.length));
  for (const event of ['end', 'close', 'error']) request.once(event, () => resolve());
  request.resume();
  await promise;
}
