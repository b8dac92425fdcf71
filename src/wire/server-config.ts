/** The part of holdfast.yaml that `holdfast server` goes by. */
import { z } from 'zod';

/** `127.0.0.1:7431`, `[::1]:7431`, `0.0.0.0:7431`; a port of 0 is any that is free. */
const listenAt = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/)
  .refine((given) => Number(given.slice(given.lastIndexOf(':') + 1)) <= 65_535, 'a port to 65535');

export const serverSchema = z.strictObject({
  /** Where it listens; else 127.0.0.1:7431. */
  listen: listenAt.optional(),
  /** As agents and browsers reach it, where that is not where it listens. */
  url: z
    .string()
    .regex(/^https:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?$/)
    .optional(),
  /** The port on which agents listen for each other; without it none reaches for another. */
  mesh: z.int().min(1024).max(65_535).optional(),
  /** Hosts outside the estate whose agents watch this server. */
  peers: z.array(z.string().min(1)).optional(),
});

export const SERVER_KEYS = Object.keys(serverSchema.shape);
