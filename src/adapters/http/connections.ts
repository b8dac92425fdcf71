/**
 * Who holds a connection. One that nobody has shown to be somebody's may be hung up on: where there
 * are too many of them, it is the oldest of the address that has most. So strangers push out each
 * other, and not those who are known.
 */
import type { Server, Socket } from 'node:net';
import { addressKey } from './rate-limit.ts';

export interface ConnectionLimits {
  /** All together; more are not taken. */
  readonly connectionsMax: number;
  /** Of those that nobody has shown to be somebody's. */
  readonly strangersMax: number;
  /** Of one who is known; the oldest beyond are strangers again. */
  readonly ofOneMax: number;
}

interface Line {
  readonly socket: Socket;
  readonly address: string;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  /** By address, the oldest first. */
  readonly #strangers = new Map<string, Map<string, Line>>();
  readonly #known = new Map<string, Map<string, Line>>();
  readonly #whose = new Map<string, string>();
  #strangerCount = 0;

  constructor(server: Server, limits: ConnectionLimits) {
    this.#limits = limits;
    server.maxConnections = limits.connectionsMax;
    server.on('connection', (socket: Socket) => this.#came(socket));
  }

  /** Somebody has shown on this connection who they are. */
  know(socket: Socket, who: string): void {
    const id = idOf(socket);
    const line = this.#takeStranger(id, addressOf(socket));
    if (line === undefined) return;
    const its = this.#known.get(who) ?? new Map<string, Line>();
    this.#known.set(who, its.set(id, line));
    this.#whose.set(id, who);
    if (its.size <= this.#limits.ofOneMax) return;
    const [oldest] = its;
    if (oldest === undefined) return;
    this.#takeKnown(oldest[0]);
    this.#addStranger(...oldest);
  }

  /** A line on which nothing was ever said does not hold up the end of the server. */
  hangUpStrangers(): void {
    for (const its of this.#strangers.values()) {
      for (const { socket } of its.values()) socket.destroy();
    }
  }

  #came(socket: Socket): void {
    const [id, address] = [idOf(socket), addressOf(socket)];
    this.#addStranger(id, { socket, address });
    socket.once('close', () => {
      this.#takeStranger(id, address);
      this.#takeKnown(id);
    });
  }

  #addStranger(id: string, line: Line): void {
    const its = this.#strangers.get(line.address) ?? new Map<string, Line>();
    this.#strangers.set(line.address, its.set(id, line));
    this.#strangerCount += 1;
    if (this.#strangerCount > this.#limits.strangersMax) this.#hangUp();
  }

  #hangUp(): void {
    const most = [...this.#strangers.values()].reduce((a, b) => (b.size > a.size ? b : a));
    const [oldest] = most;
    if (oldest === undefined) return;
    const [id, { socket, address }] = oldest;
    this.#takeStranger(id, address);
    socket.destroy();
  }

  #takeStranger(id: string, address: string): Line | undefined {
    const its = this.#strangers.get(address);
    const line = its?.get(id);
    if (its === undefined || line === undefined) return undefined;
    its.delete(id);
    if (its.size === 0) this.#strangers.delete(address);
    this.#strangerCount -= 1;
    return line;
  }

  #takeKnown(id: string): void {
    const who = this.#whose.get(id);
    if (who === undefined) return;
    this.#whose.delete(id);
    const its = this.#known.get(who);
    its?.delete(id);
    if (its?.size === 0) this.#known.delete(who);
  }
}

/** Of the bytes below TLS and of the line above them the same. */
function idOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function addressOf({ remoteAddress = '' }: Socket): string {
  return addressKey(remoteAddress);
}
