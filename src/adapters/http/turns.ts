/**
 * Answers leave a connection in the order of its requests: one that waits for a word would hold up what
 * its agent says behind it, so it is ended by the next that comes (docs/format/agent.md, one line).
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

interface Turn {
  readonly request: IncomingMessage;
  readonly over: AbortController;
}

/** A reason of its own for each would be an error, with its stack. */
const OVER = 'the turn is over';

export class Turns {
  readonly #newest = new WeakMap<Socket, Turn>();

  /** Its head has come. */
  begin(request: IncomingMessage): void {
    const { socket } = request;
    const before = this.#newest.get(socket);
    this.#newest.set(socket, { request, over: new AbortController() });
    // Of answers that wait behind others nobody is told that the connection has ended.
    if (before === undefined)
      socket.once('close', () => this.#newest.get(socket)?.over.abort(OVER));
    else before.over.abort(OVER);
  }

  /** Ends where another request has come behind this one, or nobody is there any more. */
  overOf(request: IncomingMessage): AbortSignal {
    const turn = this.#newest.get(request.socket);
    return turn?.request === request ? turn.over.signal : AbortSignal.abort(OVER);
  }
}
